"""What the hub itself does with Actions secrets: a key pair for each repository, and opening what was sealed."""

import base64
import json
import secrets
import sqlite3
from collections.abc import Mapping
from fnmatch import fnmatchcase

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


def given_to_job(hub: Hub, full_name: str, environment: str | None, *, ref: str) -> Mapping[str, str]:
    """All that a job reads on `ref`: the repository's secrets, and above them those of the environment that it names.

    ValueError where that environment does not take jobs of this ref, in which case GitHub fails the job before its first step.
    """
    owner, _, repo_name = full_name.partition("/")
    db, repo = hub.db(), find_repository(hub.db(), owner, repo_name)
    assert repo is not None
    key = SealedBox(PrivateKey(key_of(hub, repo["id"])["private"]))
    rows = db.execute("select * from secrets where repo_id = ?", (repo["id"],)).fetchall()
    plain = {row["name"]: key.decrypt(base64.b64decode(row["sealed"])).decode() for row in rows}
    named = db.execute("select * from environments where repo_id = ? and name = ?", (repo["id"], environment or "")).fetchone()
    if named is None:
        return plain
    policy = json.loads(named["branch_policy"]) if named["branch_policy"] else {"custom_branch_policies": False}
    patterns = [
        row["name"] for row in db.execute("select * from environment_branches where environment_id = ? and kind = 'branch'", (named["id"],))
    ]
    if policy["custom_branch_policies"] and not any(fnmatchcase(ref, f"refs/heads/{pattern}") for pattern in patterns):
        raise ValueError(f'Branch "{ref}" is not allowed to deploy to {environment} due to environment protection rules.')
    box = SealedBox(PrivateKey(named["private"]))
    sealed = db.execute("select * from environment_secrets where environment_id = ?", (named["id"],)).fetchall()
    return plain | {row["name"]: box.decrypt(base64.b64decode(row["sealed"])).decode() for row in sealed}
