"""Actions secrets of a repository: sealed by whoever sets them, never shown again, opened only by the hub itself.

https://docs.github.com/rest/actions/secrets
"""

import base64
import binascii
import re
import secrets
import sqlite3

from flask import Blueprint, Response
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from bot.hub.hub import Hub
from bot.hub.web import (
    Problem,
    answered,
    created,
    current,
    field,
    find_repository,
    json_body,
    not_found,
    nothing,
    paged_query,
    repository,
    require,
)

routes = Blueprint("actions_secrets", __name__)
_SECRETS = "/repos/<owner>/<name>/actions/secrets"
_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*\Z")
_LONGEST = 48 * 1024
_SHOWN = ("name", "created_at", "updated_at")


def _repo(owner: str, name: str, level: str) -> sqlite3.Row:
    repo = repository(owner, name)
    require(repo, "secrets", level)
    return repo


def _key(hub: Hub, repo_id: int) -> sqlite3.Row:
    """The repository's key pair, made when it is first asked for."""
    with hub.write() as db:
        fresh = (repo_id, str(secrets.randbits(59)), bytes(PrivateKey.generate()))
        db.execute("insert or ignore into secret_keys (repo_id, key_id, private) values (?, ?, ?)", fresh)
        row: sqlite3.Row = db.execute("select * from secret_keys where repo_id = ?", (repo_id,)).fetchone()
    return row


@routes.get(_SECRETS)
def listed(owner: str, name: str) -> Response:
    repo = _repo(owner, name, "read")
    count = current().db.execute("select count(*) from secrets where repo_id = ?", (repo["id"],)).fetchone()[0]
    rows = paged_query("select * from secrets where repo_id = ? order by name", (repo["id"],))
    return answered({"total_count": count, "secrets": [{key: row[key] for key in _SHOWN} for row in rows]})


@routes.get(f"{_SECRETS}/public-key")
def public_key(owner: str, name: str) -> Response:
    row = _key(current().hub, _repo(owner, name, "read")["id"])
    return answered({"key_id": row["key_id"], "key": base64.b64encode(bytes(PrivateKey(row["private"]).public_key)).decode()})


@routes.get(f"{_SECRETS}/<secret>")
def one(owner: str, name: str, secret: str) -> Response:
    repo = _repo(owner, name, "read")
    row = current().db.execute("select * from secrets where repo_id = ? and name = ?", (repo["id"], secret.upper())).fetchone()
    if row is None:
        raise not_found()
    return answered({key: row[key] for key in _SHOWN})


@routes.put(f"{_SECRETS}/<secret>")
def put(owner: str, name: str, secret: str) -> Response:
    """201 where it is new, 204 where it takes the place of another. What the hub could not open, it does not keep."""
    repo, body, now = _repo(owner, name, "write"), json_body(), current()
    if not _NAME.match(secret.upper()):
        raise Problem(422, "Secret names must start with a letter or _, have only letters, digits and _, and not begin with GITHUB_.")
    sealed, key = field(body, "encrypted_value", str, required=True), _key(now.hub, repo["id"])
    if field(body, "key_id", str, required=True) != key["key_id"]:
        raise Problem(422, "The key_id is not that of the repository's public key: ask for it again.")
    try:
        size = len(SealedBox(PrivateKey(key["private"])).decrypt(base64.b64decode(sealed, validate=True)))
    except (binascii.Error, CryptoError, ValueError, TypeError):
        raise Problem(422, "encrypted_value was not sealed with the repository's public key.") from None
    if size > _LONGEST:
        raise Problem(422, "Secret value is too large")
    at = now.hub.now()
    with now.hub.write() as db:
        changed = db.execute(
            "update secrets set sealed = ?, updated_at = ? where repo_id = ? and name = ?", (sealed, at, repo["id"], secret.upper())
        ).rowcount
        if not changed:
            db.execute("insert into secrets values (?, ?, ?, ?, ?)", (repo["id"], secret.upper(), sealed, at, at))
    return nothing() if changed else created({})


@routes.delete(f"{_SECRETS}/<secret>")
def delete(owner: str, name: str, secret: str) -> Response:
    repo = _repo(owner, name, "write")
    with current().hub.write() as db:
        done = db.execute("delete from secrets where repo_id = ? and name = ?", (repo["id"], secret.upper())).rowcount
    if not done:
        raise not_found()
    return nothing()


def opened(hub: Hub, full_name: str, name: str) -> str:
    """What a job of this repository would read in its secret; ValueError where there is none."""
    owner, _, repo_name = full_name.partition("/")
    repo = find_repository(hub.db(), owner, repo_name)
    row = repo and hub.db().execute("select sealed from secrets where repo_id = ? and name = ?", (repo["id"], name.upper())).fetchone()
    if repo is None or row is None:
        raise ValueError(f"{full_name} has no secret {name}")
    box = SealedBox(PrivateKey(_key(hub, repo["id"])["private"]))
    return box.decrypt(base64.b64decode(row["sealed"])).decode()
