"""What webhooks tell about the labels of a repository."""

import sqlite3

from bot.hub.shapes import issues as issue_shapes
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def tell(hub: Hub, repo: sqlite3.Row, row: sqlite3.Row, action: str, sender_id: int) -> None:
    deliveries.emit(hub, "label", action, repo["id"], {"label": issue_shapes.label(repo, row)}, sender_id)
