"""Check runs as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.shapes.apps import app
from bot.hub.store import node_ids
from bot.hub.web.context import current


def run(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name = repository_shapes.full_name(repo)
    base = f"{links.root()}/repos/{name}/check-runs/{row['id']}"
    of = current().db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    return {
        "id": row["id"],
        "node_id": node_ids.encode("CheckRun", row["id"]),
        "head_sha": row["head_sha"],
        "external_id": row["external_id"] or "",
        "url": base,
        "html_url": f"{links.web()}/{name}/runs/{row['id']}",
        "details_url": row["details_url"] or f"{links.web()}/{name}/runs/{row['id']}",
        "status": row["status"],
        "conclusion": row["conclusion"],
        "started_at": row["started_at"],
        "completed_at": row["completed_at"],
        "output": {
            "title": row["title"], "summary": row["summary"], "text": row["text"], "annotations_count": 0, "annotations_url": f"{base}/annotations"
        },
        "name": row["name"],
        "check_suite": {"id": row["suite_id"]},
        "app": app(of) if of else None,
        "pull_requests": [],
    }  # fmt: skip
