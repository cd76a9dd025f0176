"""Who is asking: a person by token, an app by signed assertion, an installation by its one-hour token, or nobody."""

import base64
import binascii
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import jwt

from bot.hub.store.hub import Hub


class Kind(StrEnum):
    ANONYMOUS = "anonymous"
    PAT = "pat"
    INSTALLATION = "installation"
    APP = "app"


@dataclass(frozen=True, kw_only=True)
class Actor:
    user_id: int = 0
    login: str = ""
    type: str = "User"
    kind: Kind = Kind.ANONYMOUS
    permissions: Mapping[str, str] = field(default_factory=dict)
    app_id: int | None = None
    installation_id: int | None = None
    repository_ids: frozenset[int] | None = None  # None: every repository of the account


NOBODY = Actor()
ASSERTION_LIFE = 600


class BadCredentials(Exception):
    """What GitHub says with its 401."""


def authenticate(hub: Hub, header: str | None) -> Actor:
    if not header:
        return NOBODY
    scheme, _, rest = header.partition(" ")
    secret = rest.strip()
    if scheme.lower() == "basic":
        try:
            secret = _of_pair(base64.b64decode(secret).decode())
        except (binascii.Error, UnicodeDecodeError):
            raise BadCredentials("Bad credentials") from None
    elif scheme.lower() not in ("bearer", "token", "jwt"):
        raise BadCredentials("Bad credentials")
    if secret.count(".") == 2 and not secret.startswith("gh"):
        return _app(hub, secret)
    row = (
        hub.db().execute("select tokens.*, login, type from tokens join users on users.id = user_id where token = ?", (secret,)).fetchone()
    )
    if row is None or (row["expires_at"] and row["expires_at"] <= hub.now()):
        raise BadCredentials("Bad credentials")
    if row["kind"] == "pat":
        return Actor(user_id=row["user_id"], login=row["login"], type=row["type"], kind=Kind.PAT)
    return _installation(hub.db(), row)


def _of_pair(pair: str) -> str:
    """git and curl have the token as the password, or, as older advice has it, as the name: `TOKEN:` and `TOKEN:x-oauth-basic`."""
    name, _, password = pair.partition(":")
    return name if password in ("", "x-oauth-basic") else password


def _installation(db: sqlite3.Connection, row: sqlite3.Row) -> Actor:
    app = db.execute("select app_id from installations where id = ?", (row["installation_id"],)).fetchone()
    if app is None:
        raise BadCredentials("Bad credentials")
    chosen = json.loads(row["repositories"]) if row["repositories"] else None
    return Actor(
        user_id=row["user_id"],
        login=row["login"],
        type=row["type"],
        kind=Kind.INSTALLATION,
        permissions=json.loads(row["permissions"]),
        app_id=app["app_id"],
        installation_id=row["installation_id"],
        repository_ids=None if chosen is None else frozenset(chosen),
    )


def _app(hub: Hub, assertion: str) -> Actor:
    """The checks and words are GitHub's; the time is the hub's, so the library may not look at its own clock."""
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        app = (
            hub.db()
            .execute(
                "select apps.*, login from apps join users on users.id = bot_id where cast(apps.id as text) = ? or client_id = ?",
                (str(issuer), str(issuer)),
            )
            .fetchone()
        )
        if app is None:
            raise BadCredentials("Integration not found")
        claims = jwt.decode(
            assertion,
            app["public_key"],
            algorithms=["RS256"],
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_iss": False,
                "verify_aud": False,
                "verify_sub": False,
            },
        )
    except jwt.PyJWTError:
        raise BadCredentials("A JSON web token could not be decoded") from None
    now = hub.clock().timestamp()
    expires, issued = claims.get("exp"), claims.get("iat", now)
    if not isinstance(expires, int | float) or expires <= now:
        must = "must be a numeric value representing the future time at which the assertion expires"
        raise BadCredentials(f"'Expiration time' claim ('exp') {must}")
    if expires > now + ASSERTION_LIFE:
        raise BadCredentials("'Expiration time' claim ('exp') is too far in the future")
    if issued > now + 60:
        must = "must be an Integer representing the time that the assertion was issued"
        raise BadCredentials(f"'Issued at' claim ('iat') {must}")
    return Actor(user_id=app["bot_id"], login=app["slug"], type="Bot", kind=Kind.APP, app_id=app["id"])
