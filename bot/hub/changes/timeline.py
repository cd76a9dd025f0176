"""Writing down what happened to an issue or pull request."""

import json
import sqlite3
from typing import Any


def record(db: sqlite3.Connection, issue_id: int, event: str, actor_id: int | None, at: str, **data: Any) -> None:
    db.execute(
        "insert into events (issue_id, actor_id, event, data, created_at) values (?, ?, ?, ?, ?)",
        (issue_id, actor_id, event, json.dumps(data), at),
    )
