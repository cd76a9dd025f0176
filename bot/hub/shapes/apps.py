"""Apps as GitHub's JSON shows them."""

import json
import sqlite3
from typing import Any

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import links
from bot.hub.store import node_ids
from bot.hub.web.context import current


def app_of(user_id: int) -> dict[str, Any] | None:
    """The app whose bot this is: what it did, was done by way of it."""
    row = current().db.execute("select * from apps where bot_id = ?", (user_id,)).fetchone()
    return app(row) if row else None


def app(row: sqlite3.Row) -> dict[str, Any]:
    hook = current().db.execute("select events from hooks where app_id = ?", (row["id"],)).fetchone()
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_ids.encode("App", row["id"]),
        "client_id": row["client_id"] or f"Iv1.{row['id']:016x}",
        "owner": account_shapes.user(row["owner_id"]),
        "name": row["name"],
        "description": None,
        "external_url": links.web(),
        "html_url": f"{links.web()}/apps/{row['slug']}",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": [event for event in json.loads(hook["events"]) if event != "*"] if hook else [],
    }
