"""Relations between issues: what waits for what, and what is part of what."""

import sqlite3

from bot.hub.changes import timeline
from bot.hub.store.hub import Hub
from bot.hub.webhooks import issues as issue_hooks


def related(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, action: str, other: sqlite3.Row, actor_id: int) -> None:
    """One end of a relation: in this issue's timeline, and in the webhook of its kind."""
    at = hub.now()
    db.execute("update issues set updated_at = ? where id = ?", (at, issue["id"]))
    timeline.record(db, issue["id"], action, actor_id, at, other_id=other["id"])
    issue_hooks.related(hub, db, issue, action, other, actor_id)
