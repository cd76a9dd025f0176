"""Secrets in text: what looks like a credential, where it stands, and the same text without it. What was found is never said again."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, order=True)
class Secret:
    """Where one was found and what it seems to be; it itself is kept nowhere."""

    place: str
    """A path, or what else was looked through, such as a commit message."""
    line: int
    kind: str


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    kind: str


_KEY_BODY = r"(?:[A-Za-z0-9+/=]|\\[rn]|[\s\"',:-]){60,20000}?"
FORMATS: tuple[tuple[str, str, str], ...] = (
    (
        "private key",
        "PRIVATE KEY",
        rf"-----BEGIN (?:[A-Z0-9]+ ){{0,3}}PRIVATE KEY(?: BLOCK)?-----{_KEY_BODY}(?:-----END [A-Z0-9 ]{{0,40}}-----|\Z)",
    ),
    ("private key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ("private key", "PuTTY-User-Key-File", r"PuTTY-User-Key-File-\d:[^-]{1,2000}?Private-Lines: \d+\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+"),
    ("AWS access key", "A", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    ("GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
    ("GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b"),
    ("GitLab token", "gl", r"\bgl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{20,}"),
    ("Anthropic key", "sk-ant-", r"\bsk-ant-[a-z0-9]{3,10}-[\w-]{40,}"),
    ("OpenAI key", "sk-", r"\bsk-(?:(?:proj|svcacct|admin)-[\w-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"),
    ("Slack token", "xox", r"\bxox[abeoprs]-(?:\d+-){1,3}[A-Za-z0-9]{10,}"),
    ("Slack token", "xapp-", r"\bxapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{20,}"),
    ("Slack webhook", "hooks.slack.com", r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,}"),
    ("Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,}"),
    ("Stripe key", "k_", r"\b[rs]k_(?:live|prod)_[A-Za-z0-9]{16,}"),
    ("Google key", "AIza", r"\bAIza[\w-]{35}(?![\w-])"),
    ("Google client secret", "GOCSPX-", r"\bGOCSPX-[\w-]{28}(?![\w-])"),
    ("npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", "pypi-Ag", r"\bpypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[\w-]{50,}"),
    ("SendGrid key", "SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])"),
    ("Mailchimp key", "-us", r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    ("Telegram token", ":AA", r"\b\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("Shopify token", "shp", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    ("DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    ("Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{34}\b"),
    ("Databricks token", "dapi", r"\bdapi[a-f0-9]{32}(?:-\d)?\b"),
    ("Vault token", "hv", r"\bhv[sb]\.[\w-]{90,}"),
    ("Linear key", "lin_api_", r"\blin_api_[A-Za-z0-9]{40}\b"),
    ("Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("JSON web token", "eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
)
"""Kind, a part that every one of them has (looked for first, since that is fast), and the pattern."""
_KNOWN = tuple((kind, part, re.compile(pattern)) for kind, part, pattern in FORMATS)

_IN_URL = re.compile(r"://[^\s:/@\"'`<>]{1,80}:(?P<value>[^\s:/@\"'`<>]{8,200})@(?P<host>[\w.-]+)")
_ASSIGNED = re.compile(
    r"(?i)(?:key|secret|token|passw(?:or)?d)[\"']?\s{0,4}(?:=>|:=|=|:)\s{0,4}(?P<quote>[\"'`])(?P<value>[A-Za-z0-9+/=_.!@#$%^&*~-]{20,200})(?P=quote)"
)
_FOR_SECRETS = re.compile(
    r"(?i)(?:(?:api|access|secret|private|auth|signing|encryption|client|account|bearer|refresh|session|bot|deploy)[\w-]{0,12}(?:key|token|secret)|passw(?:or)?d|secret)$"
)
_MADE_UP = re.compile(
    r"(?i)example|sample|dummy|fake|test|placeholder|change[_-]?me|your|insert|redacted|x{4}|\*{3}|<|\$\{|\{\{|%\(|\.{3}|1234567|abcdef|password|passwd|secret|qwerty"
    r"|foobar|username|hunter2|not[_-]?(?:a|real)"
)
_WORDY = re.compile(r"[a-z]{2,}(?:[_.\-/ ][a-z]{2,})+|[A-Z_]+|[a-z_.]+|(?:[A-Z]?[a-z]{3,}){2,}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_HASHED = re.compile(r"\$(?:2[aby]|argon2\w*|[156y])\$|pbkdf2_|scrypt[:$]|bcrypt|sha\d{3}[$:-]")
"""What a password was turned into; it opens nothing by itself."""
_EXAMPLE_HOSTS = re.compile(
    r"(?i)(?:^|\.)(?:example|test|invalid|localhost|local)(?:$|\.)|^127\.|^host(?:name)?$|^(?:some|my|your)?(?:host|server|proxy|domain)|^localhost|^0\.0\.0\.0"
)
_SHORTEST = 16
_ENOUGH = 3.7
"""Bits a character, from which on a value is taken for random: base64 of 30 characters has about 4.4, words have below 3.5."""


def spans(text: str) -> Iterator[Span]:
    """Each place that looks like a credential, in order of kinds. Published examples (`AKIAIOSFODNN7EXAMPLE`) and placeholders are none."""
    for kind, part, pattern in _KNOWN:
        if part in text:
            yield from (
                Span(found.start(), found.end(), kind) for found in pattern.finditer(text) if not _is_published_example(found[0], kind)
            )
    for found in _IN_URL.finditer(text):
        if is_random(_PERCENT.sub("", found["value"]), enough=3.0) and not _EXAMPLE_HOSTS.search(found["host"]):
            yield Span(found.start("value"), found.end("value"), "password in an address")
    for found in _ASSIGNED.finditer(text):
        named = re.split(r"[\"'=:]", text[max(0, found.start() - 30) : found.start("value") - 1].rstrip(" \t\"'=:>"))[-1]
        if _FOR_SECRETS.search(named) and is_random(found["value"]):
            yield Span(found.start("value"), found.end("value"), "random value in a place for secrets")


def _is_published_example(value: str, kind: str) -> bool:
    if kind == "private key":
        return False
    return (
        "EXAMPLE" in value.upper()
        or entropy(value) < 2.5
        or bool(re.search(r"(?i)(?:0123456789|1234567890|abcdefghij|x{8}|(.)\1{7})", value))
    )


def is_random(value: str, *, enough: float = _ENOUGH) -> bool:
    """Whether nobody made it up: many different characters of several kinds, and no words."""
    if _HASHED.match(value):
        return False
    kinds = sum(any(test(char) for char in value) for test in (str.islower, str.isupper, str.isdigit))
    if kinds < 2 or not any(char.isdigit() for char in value):
        return False
    return entropy(value) >= enough and not _MADE_UP.search(value) and not _WORDY.fullmatch(value)


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    if not text:
        return 0.0
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def found_in(text: str, place: str, *, first_line: int = 1) -> tuple[Secret, ...]:
    """`first_line` is the number of the text's first line in what it was taken from."""
    return tuple(Secret(place=place, line=first_line + text.count("\n", 0, span.start), kind=span.kind) for span in spans(text))


def redacted(text: str) -> str:
    """The same text with each secret's kind in its place."""
    if len(text) < _SHORTEST:
        return text
    found = sorted(spans(text), key=lambda span: (span.start, -span.end))
    parts: list[str] = []
    at = 0
    for span in found:
        if span.end <= at:
            continue
        parts += [text[at : max(at, span.start)], f"[removed: {span.kind}]"]
        at = span.end
    return "".join([*parts, text[at:]]) if found else text


def without_secrets(value: T) -> T:
    """The same value with every text in it redacted, however deep it stands."""
    return cast("T", _cleaned(value))


def _cleaned(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Enum):
        return redacted(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(part) for part in value)
    if isinstance(value, list):
        return [_cleaned(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _cleaned(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        before = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        after = {name: _cleaned(part) for name, part in before.items()}
        changed = {name: part for name, part in after.items() if part != before[name]}
        return replace(value, **changed) if changed else value
    return value


EXPIRING = frozenset({"JSON web token"})
"""Taken out of texts, yet no reason to refuse a commit: they end by themselves, and tests and documents are full of them."""


def told(secrets: Iterable[Secret], *, most: int = 5) -> str:
    """Where they are and of what kind, for a person who is to take them out."""
    all_of_them = sorted(set(secrets))
    shown = ", ".join(f"{one.kind} in {redacted(one.place)}{f':{one.line}' if one.line else ''}" for one in all_of_them[:most])
    return f"{shown} and {len(all_of_them) - most} more" if len(all_of_them) > most else shown
