"""Reactions to what people wrote, one by one and counted."""

import sqlite3
from typing import Any

from bot.hub.shapes.accounts import user
from bot.hub.store import node_ids
from bot.hub.web.context import current

CONTENTS = {
    "+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "hooray": "HOORAY",
    "confused": "CONFUSED", "heart": "HEART", "rocket": "ROCKET", "eyes": "EYES",
}  # fmt: skip
"""As REST and as GraphQL calls them."""


def to(table: str, key: int) -> list[sqlite3.Row]:
    """Those to one row of `issues`, `comments` or `review_comments`."""
    return current().db.execute("select * from reactions where about = ? and about_id = ? order by id", (table, key)).fetchall()


def counted(table: str, key: int, url: str) -> dict[str, Any]:
    found = [row["content"] for row in to(table, key)]
    return {"url": f"{url}/reactions", "total_count": len(found), **{content: found.count(content) for content in CONTENTS}}


def reaction(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "node_id": node_ids.encode("Reaction", row["id"]),
        "user": user(row["user_id"]),
        "content": row["content"],
        "created_at": row["created_at"],
    }
