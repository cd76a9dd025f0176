"""What is kept of the protection of a branch."""

import json
import sqlite3

from bot.hub.store import switches

FLAGS = ("required_linear_history", "allow_force_pushes", "allow_deletions", "required_conversation_resolution")


def rule_of(db: sqlite3.Connection, repo_id: int, branch: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("select * from protections where repo_id = ? and branch = ?", (repo_id, branch)).fetchone()
    return row


def queue_only(db: sqlite3.Connection, repo_id: int, branch: str) -> bool:
    return branch in (switches.get(db, repo_id, "merge_queue") or {})


def flag(rule: sqlite3.Row, name: str) -> bool:
    return bool(json.loads(rule["flags"]).get(name))
