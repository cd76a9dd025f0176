"""The key that the bot signs its state with: derived from the worker's own credential, so that nobody has one more thing to keep."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from bot.adapters.git.signing import Signer, StateKey
from bot.adapters.github.client import AppKey
from bot.core.errors.user_errors import UserError
from bot.entry.app_keys import private_key

PREVIOUS = "GROUNDSKEEPER_WORKER_PREVIOUS_KEY"
_INFO = b"groundskeeper state 1"
_SHORT_LIVED = ("ghs_", "ghu_")


def signer_for(worker: str | AppKey, repository: int, *, previous: str | None = None) -> Signer:
    """`previous` is a credential that the worker had before: the text of a private key, or a token. Raises `UserError`."""
    secret = worker.private_key if isinstance(worker, AppKey) else worker
    former = (_derived(previous, repository, where=PREVIOUS),) if previous else ()
    return Signer(repository=str(repository), key=_derived(secret, repository, where="the worker's credential"), former=former)


def _derived(credential: str, repository: int, *, where: str) -> StateKey:
    """https://www.rfc-editor.org/rfc/rfc5869"""
    material = _key_bytes(private_key(where, credential)) if "PRIVATE KEY" in credential else credential.strip().encode()
    if credential.startswith(_SHORT_LIVED):
        raise UserError(
            f"{where} is a token that GitHub takes back within hours, and the bot signs its state with a key made of it. "
            "Give the worker an app's id and private key, or the token of a user."
        )
    kdf = HKDF(algorithm=SHA256(), length=32, salt=f"repository {repository}".encode(), info=_INFO)
    return StateKey(secret=kdf.derive(material))


def _key_bytes(pem: str) -> bytes:
    """The same for each way in which the same key can be written down."""
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
