"""What is switched on or off in one repository and has no column of its own: each by name, as JSON, with GitHub's default."""

import json
import sqlite3
from typing import Any

from bot.hub.store.hub import Hub
from bot.hub.store.repositories import repository_named

DEFAULTS: dict[str, Any] = {
    "allow_auto_merge": False,
    "allow_update_branch": False,
    "actions": True,
    "artifact_days": 90,
    "allowed_actions": "all",
    "default_workflow_permissions": "read",
    "can_approve_pull_request_reviews": False,
    "merge_queue": None,  # or by branch what its queue's rules are
    "rulesets": None,  # or by branch what they ask for
}


def put_for_branch(hub: Hub, full_name: str, name: str, branch: str, value: Any) -> None:
    """For a switch that has a value by branch; those of other branches stay."""
    repo_id = repository_named(hub.db(), full_name)["id"]
    with hub.write() as db:
        put(db, repo_id, name, (get(db, repo_id, name) or {}) | {branch: value})


def get(db: sqlite3.Connection, repo_id: int, name: str) -> Any:
    row = db.execute("select value from repo_switches where repo_id = ? and name = ?", (repo_id, name)).fetchone()
    return json.loads(row["value"]) if row else DEFAULTS[name]


def put(db: sqlite3.Connection, repo_id: int, name: str, value: Any) -> None:
    if name not in DEFAULTS:
        raise ValueError(f"{name} is no switch of a repository: {', '.join(DEFAULTS)} are")
    db.execute("insert or replace into repo_switches values (?, ?, ?)", (repo_id, name, json.dumps(value)))
