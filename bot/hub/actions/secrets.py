"""What the hub itself does with Actions secrets: a key pair for each repository, and opening what was sealed."""

import base64
import secrets
import sqlite3

from nacl.public import PrivateKey, SealedBox

from bot.hub.store.hub import Hub
from bot.hub.store.repositories import find_repository


def key_of(hub: Hub, repo_id: int) -> sqlite3.Row:
    """The repository's key pair, made when it is first asked for."""
    with hub.write() as db:
        fresh = (repo_id, str(secrets.randbits(59)), bytes(PrivateKey.generate()))
        db.execute("insert or ignore into secret_keys (repo_id, key_id, private) values (?, ?, ?)", fresh)
        row: sqlite3.Row = db.execute("select * from secret_keys where repo_id = ?", (repo_id,)).fetchone()
    return row


def opened(hub: Hub, full_name: str, name: str) -> str:
    """What a job of this repository would read in its secret; ValueError where there is none."""
    owner, _, repo_name = full_name.partition("/")
    repo = find_repository(hub.db(), owner, repo_name)
    row = repo and hub.db().execute("select sealed from secrets where repo_id = ? and name = ?", (repo["id"], name.upper())).fetchone()
    if repo is None or row is None:
        raise ValueError(f"{full_name} has no secret {name}")
    box = SealedBox(PrivateKey(key_of(hub, repo["id"])["private"]))
    return box.decrypt(base64.b64decode(row["sealed"])).decode()
