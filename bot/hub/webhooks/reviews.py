"""What webhooks tell about reviews."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bot.hub.shapes import pulls as pull_shapes
from bot.hub.store import pull_rows, repositories
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def line_comment(
    hub: Hub,
    db: sqlite3.Connection,
    pull: sqlite3.Row,
    row: sqlite3.Row,
    action: str,
    sender_id: int,
    *,
    changes: Mapping[str, Any] | None = None,
) -> None:
    if not deliveries.wanted(db, pull["repo_id"], "pull_request_review_comment"):
        return
    repo = repositories.repository_of(db, pull["repo_id"])
    with deliveries.speaking(hub):
        about = {"comment": pull_shapes.review_comment(repo, pull["number"], row)}
        about["pull_request"] = pull_shapes.pull(hub, db, pull_rows.by_id(db, pull["id"]), full=False)
    told = about | ({"changes": dict(changes)} if changes is not None else {})
    deliveries.emit(hub, "pull_request_review_comment", action, pull["repo_id"], told, sender_id)


def submitted(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, row: sqlite3.Row, sender_id: int) -> None:
    if row["submitted_at"] is None or not deliveries.wanted(db, pull["repo_id"], "pull_request_review"):
        return
    repo = repositories.repository_of(db, pull["repo_id"])
    with deliveries.speaking(hub):
        review = pull_shapes.review(repo, pull["number"], row) | {"state": row["state"].lower()}
        shown = {"review": review, "pull_request": pull_shapes.pull(hub, db, pull_rows.by_id(db, pull["id"]), full=False)}
    deliveries.emit(hub, "pull_request_review", "submitted", pull["repo_id"], shown, sender_id)
