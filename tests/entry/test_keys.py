"""App ids and private keys as people paste them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.adapters.github.client import AppKey
from bot.core.errors.user_errors import UserError
from bot.entry.app_keys import app_id, private_key
from bot.entry.state_keys import signer_for


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


@pytest.fixture(scope="module")
def key() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def test_a_key_is_taken_however_its_line_breaks_came_through(key: str) -> None:
    escaped = key.replace("\n", "\\n")

    assert {private_key("KEY", one) for one in (key, key.strip(), key.replace("\n", "\r\n"), escaped, f'"{escaped}"')} == {key}


def test_what_is_no_apps_key_is_refused_with_the_remedy_and_never_shown(key: str) -> None:
    of_another_kind = pem(ec.generate_private_key(ec.SECP256R1()))
    for wrong in ("worker.pem", "# Pots", key[:300], of_another_kind):
        with pytest.raises(UserError, match=r"^KEY: this is not an app's private key. Expected the whole text of the \.pem file") as told:
            private_key("KEY", wrong)
        assert wrong not in str(told.value)


def test_an_app_is_named_by_its_number(key: str) -> None:
    assert app_id("ID", " 12\n") == 12
    for wrong in ("gk-worker", "Iv1.0123", "", "-1", "²"):
        with pytest.raises(UserError, match=r"^ID: expected the app's id, a number that its page shows as `App ID`, found"):
            app_id("ID", wrong)


def test_the_same_key_signs_the_same_however_it_is_written_down(key: str) -> None:
    pkcs8 = serialization.load_pem_private_key(key.encode(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signers = [signer_for(AppKey(app_id=1, private_key=text), 7) for text in (key, pkcs8.decode())]

    assert signers[0] == signers[1]
    assert signers[0] == replace(signer_for("ghp_other", 7, previous=key), key=signers[0].key, former=())
    assert signer_for("ghp_other", 7, previous=key).former == (signers[0].key,)


def test_each_repository_and_each_credential_has_a_key_of_its_own(key: str) -> None:
    signers = [signer_for(AppKey(app_id=1, private_key=key), 7), signer_for(AppKey(app_id=1, private_key=key), 8), signer_for("ghp_a", 7)]

    assert len({one.key.id for one in signers}) == 3
    assert all(len(one.key.secret) == 32 for one in signers)


def test_a_token_that_ends_with_its_job_signs_nothing() -> None:
    with pytest.raises(UserError, match="takes back within hours"):
        signer_for("ghs_0123", 7)
