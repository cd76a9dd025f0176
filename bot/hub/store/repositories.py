"""Repositories by name and by id, and where on the disk their code is."""

import sqlite3
from pathlib import Path

from bot.hub.store.hub import Hub


def bare(hub: Hub, db: sqlite3.Connection, repo_id: int) -> Path:
    row = db.execute(
        "select login, repositories.name from repositories join users on users.id = owner_id where repositories.id = ?", (repo_id,)
    ).fetchone()
    owner, name = str(row["login"]), str(row["name"])
    return hub.root / "repositories" / owner / f"{name}.git"


def repository_of(db: sqlite3.Connection, repo_id: int) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("select * from repositories where id = ?", (repo_id,)).fetchone()
    return row


def find_repository(db: sqlite3.Connection, owner: str, name: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = db.execute(
        "select repositories.*, login as owner from repositories join users on users.id = owner_id where login = ? and repositories.name = ?",
        (owner, name),
    ).fetchone()
    return found


def repository_named(db: sqlite3.Connection, full_name: str) -> sqlite3.Row:
    """For whoever sets the hub up. Raises ValueError where it is not there."""
    owner, _, name = full_name.partition("/")
    if (found := find_repository(db, owner, name)) is None:
        raise ValueError(f"there is no repository {full_name}")
    return found
