"""What webhooks tell about pull requests."""

import sqlite3
from typing import Any

from bot.hub.shapes import pulls as pull_shapes
from bot.hub.store import pull_rows
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def emit(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    """The pull_request webhook; its payload is dear to make, so it is made only where a hook exists."""
    if not pull_rows.has_hooks(db, pull["repo_id"]):
        return
    with deliveries.speaking(hub):
        payload = {"number": pull["number"], "pull_request": pull_shapes.pull(hub, db, pull_rows.by_id(db, pull["id"]))} | more
    deliveries.emit(hub, "pull_request", action, pull["repo_id"], payload, actor_id)
