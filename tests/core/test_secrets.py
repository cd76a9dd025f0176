"""What is taken for a secret and what is not, and that none is said again."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from bot.core.money.pricing import MicroUsd
from bot.core.runs.run import Bundle, Ending, Finding, GateResult, Spend, Verdict
from bot.core.secrets.detection import Secret, found_in, redacted, told, without_secrets

_DICE = random.Random(7)


def drawn(count: int, among: str = string.ascii_letters + string.digits) -> str:
    return "".join(_DICE.choice(among) for _ in range(count))


_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_HEX = "0123456789abcdef"
# Made here and never written out: a file with such values in it could not be published anywhere.
SECRETS: dict[str, Callable[[], str]] = {
    "AWS access key": lambda: "AKIA" + drawn(16, _BASE32),
    "GitHub token": lambda: "ghp_" + drawn(36),
    "GitLab token": lambda: "glpat-" + drawn(20),
    "Anthropic key": lambda: "sk-ant-api03-" + drawn(93),
    "OpenAI key": lambda: "sk-proj-" + drawn(60),
    "Slack token": lambda: f"xoxb-{drawn(12, string.digits)}-{drawn(12, string.digits)}-{drawn(24)}",
    "Slack webhook": lambda: f"https://hooks.slack.com/services/T{drawn(8)}/B{drawn(8)}/{drawn(24)}",
    "Stripe key": lambda: "sk_live_" + drawn(24),
    "Google key": lambda: "AIza" + drawn(35),
    "npm token": lambda: "npm_" + drawn(36),
    "PyPI token": lambda: "pypi-AgEIcHlwaS5vcmc" + drawn(80),
    "SendGrid key": lambda: f"SG.{drawn(22)}.{drawn(43)}",
    "private key": lambda: f"-----BEGIN RSA PRIVATE KEY-----\n{drawn(64)}\n{drawn(64)}\n-----END RSA PRIVATE KEY-----",
    "password in an address": lambda: f"postgres://bob:Xq7{drawn(14)}9z@db.corp.io/pots",
    "random value in a place for secrets": lambda: f'client_secret = "q8Zr{drawn(30)}1"',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_by_kind_and_line_and_taken_out_of_the_text(kind: str) -> None:
    secret = SECRETS[kind]()

    text = f"first line\nuse {secret} here\n"

    assert found_in(text, "notes.md") == (Secret(place="notes.md", line=2, kind=kind),)
    clean = redacted(text)
    assert f"[removed: {kind}]" in clean
    assert clean.startswith("first line\nuse ")
    assert clean.endswith(" here\n")
    assert not found_in(clean, "notes.md")


def test_a_key_in_one_line_of_json_is_found_too() -> None:
    body = "\\n".join(drawn(64) for _ in range(3))

    text = f'{{"private_key": "-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n"}}'

    assert redacted(text) == '{"private_key": "[removed: private key]\\n"}'


HARMLESS = [
    "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
    'api_key = "your-api-key-goes-here-1234"',
    'password = "correct-horse-battery-staple"',
    'SECRET_KEY = os.environ["SECRET_KEY"]',
    "postgres://user:password@localhost/db",
    "https://user:hunter2hunter2@example.com/",
    "commit 030780cbd1f2aa01a8a94fbbd63ed7a8b1f1a2c3",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    'PRIVATE_KEY_HEADER = "-----BEGIN RSA PRIVATE KEY-----"',
    "if line.startswith('-----BEGIN PRIVATE KEY-----'):",
    'token = "urlsafe_token_of_the_session_2"',
    "ghp_" + "x" * 36,
    'password = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"',
    '"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg=="',
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_every_project_has_is_no_secret(text: str) -> None:
    assert found_in(text, "a.py") == ()
    assert redacted(text) == text


def test_everything_that_a_run_hands_back_is_cleaned_however_deep_it_stands() -> None:
    token = SECRETS["GitHub token"]()
    bundle = Bundle(
        run="7-1",
        ending=Ending.FINISHED,
        note=f"used {token}",
        report=f"It says {token}",
        gates=(GateResult(gate="test", command="make", passed=False, output=f"env: {token}"),),
        verdict=Verdict(head="a" * 40, approved=False, summary="no", judgements=(), findings=(Finding(source="review", text=token),)),
        transcript=f'{{"message": {{"text": "{token}"}}}}\n',
        spend=Spend(money=MicroUsd(7)),
        git_bundle=token.encode(),
    )

    clean = without_secrets(bundle)

    assert token not in repr(clean).replace(repr(bundle.git_bundle), "")
    assert (clean.run, clean.ending, clean.spend, clean.git_bundle) == (bundle.run, bundle.ending, bundle.spend, bundle.git_bundle)
    assert clean.transcript == '{"message": {"text": "[removed: GitHub token]"}}\n'


def test_a_person_is_told_the_place_and_the_kind_and_never_the_secret() -> None:
    token = SECRETS["GitHub token"]()

    assert told(found_in(f"\n{token}", "deploy.sh")) == "GitHub token in deploy.sh:2"
    assert token not in told([Secret(place=f"keys/{token}", line=1, kind="GitHub token")])
    assert told(Secret(place="a", line=line, kind="x") for line in range(1, 9)).endswith("and 3 more")
