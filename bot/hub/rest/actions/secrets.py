"""Actions secrets of a repository: sealed by whoever sets them, never shown again, opened only by the hub itself.

https://docs.github.com/rest/actions/secrets
"""

import base64
import binascii
import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from bot.hub.actions.secrets import key_of
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("actions_secrets", __name__)
_SECRETS = "/repos/<owner>/<name>/actions/secrets"
_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*\Z")
_LONGEST = 48 * 1024
SHOWN = ("name", "created_at", "updated_at")


def _repo(owner: str, name: str, level: str) -> sqlite3.Row:
    repo = repository(owner, name)
    require(repo, "secrets", level)
    return repo


def public_half(key: sqlite3.Row) -> dict[str, str]:
    return {"key_id": key["key_id"], "key": base64.b64encode(bytes(PrivateKey(key["private"]).public_key)).decode()}


def checked_name(secret: str) -> str:
    if not _NAME.match(secret.upper()):
        raise Problem(422, "Secret names must start with a letter or _, have only letters, digits and _, and not begin with GITHUB_.")
    return secret.upper()


def sealed_for(key: sqlite3.Row, body: Mapping[str, Any]) -> str:
    """What was sent, if this key opens it."""
    sealed = field(body, "encrypted_value", str, required=True)
    if field(body, "key_id", str, required=True) != key["key_id"]:
        raise Problem(422, "The key_id is not that of the public key: ask for it again.")
    try:
        size = len(SealedBox(PrivateKey(key["private"])).decrypt(base64.b64decode(sealed, validate=True)))
    except (binascii.Error, CryptoError, ValueError, TypeError):
        raise Problem(422, "encrypted_value was not sealed with the public key.") from None
    if size > _LONGEST:
        raise Problem(422, "Secret value is too large")
    return sealed


@routes.get(_SECRETS)
def listed(owner: str, name: str) -> Response:
    repo = _repo(owner, name, "read")
    count = current().db.execute("select count(*) from secrets where repo_id = ?", (repo["id"],)).fetchone()[0]
    rows = paged_query("select * from secrets where repo_id = ? order by name", (repo["id"],))
    return answered({"total_count": count, "secrets": [{key: row[key] for key in SHOWN} for row in rows]})


@routes.get(f"{_SECRETS}/public-key")
def public_key(owner: str, name: str) -> Response:
    return answered(public_half(key_of(current().hub, _repo(owner, name, "read")["id"])))


@routes.get(f"{_SECRETS}/<secret>")
def one(owner: str, name: str, secret: str) -> Response:
    repo = _repo(owner, name, "read")
    row = current().db.execute("select * from secrets where repo_id = ? and name = ?", (repo["id"], secret.upper())).fetchone()
    if row is None:
        raise not_found()
    return answered({key: row[key] for key in SHOWN})


@routes.put(f"{_SECRETS}/<secret>")
def put(owner: str, name: str, secret: str) -> Response:
    """201 where it is new, 204 where it takes the place of another. What the hub could not open, it does not keep."""
    repo, body, now = _repo(owner, name, "write"), json_body(), current()
    wanted, sealed = checked_name(secret), sealed_for(key_of(now.hub, repo["id"]), body)
    at = now.hub.now()
    with now.hub.write() as db:
        changed = db.execute(
            "update secrets set sealed = ?, updated_at = ? where repo_id = ? and name = ?", (sealed, at, repo["id"], wanted)
        ).rowcount
        if not changed:
            db.execute("insert into secrets values (?, ?, ?, ?, ?)", (repo["id"], wanted, sealed, at, at))
    return nothing() if changed else created({})


@routes.delete(f"{_SECRETS}/<secret>")
def delete(owner: str, name: str, secret: str) -> Response:
    repo = _repo(owner, name, "write")
    with current().hub.write() as db:
        done = db.execute("delete from secrets where repo_id = ? and name = ?", (repo["id"], secret.upper())).rowcount
    if not done:
        raise not_found()
    return nothing()
