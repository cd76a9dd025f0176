"""People, organizations and bots as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes.links import root, web
from bot.hub.store import node_ids
from bot.hub.web.context import current


def user_row(user_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = current().db.execute("select * from users where id = ?", (user_id,)).fetchone()
    return row


def user(user_id: int | None) -> dict[str, Any] | None:
    """GitHub's short form of an account; None where the account is gone."""
    row = user_row(user_id) if user_id else None
    if row is None:
        return None
    login, base = row["login"], f"{root()}/users/{row['login']}"
    return {
        "login": login,
        "id": row["id"],
        "node_id": node_ids.encode(row["type"], row["id"]),
        "avatar_url": f"{web()}/{login}.png",
        "gravatar_id": "",
        "url": base,
        "html_url": f"{web()}/{login}",
        **{f"{part}_url": f"{base}/{part}" for part in ("followers", "subscriptions", "organizations", "repos", "received_events")},
        "following_url": f"{base}/following{{/other_user}}",
        "gists_url": f"{base}/gists{{/gist_id}}",
        "starred_url": f"{base}/starred{{/owner}}{{/repo}}",
        "events_url": f"{base}/events{{/privacy}}",
        "type": row["type"],
        "site_admin": False,
        "user_view_type": "public",
    }
