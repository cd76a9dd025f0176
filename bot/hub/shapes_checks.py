"""Apps and check runs as GitHub's JSON shows them."""

import json
import sqlite3
from typing import Any

from bot.hub import node_ids, shapes
from bot.hub.web import current


def app(row: sqlite3.Row) -> dict[str, Any]:
    hook = current().db.execute("select events from hooks where app_id = ?", (row["id"],)).fetchone()
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_ids.encode("App", row["id"]),
        "client_id": row["client_id"] or f"Iv1.{row['id']:016x}",
        "owner": shapes.user(row["owner_id"]),
        "name": row["name"],
        "description": None,
        "external_url": shapes.web(),
        "html_url": f"{shapes.web()}/apps/{row['slug']}",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": [event for event in json.loads(hook["events"]) if event != "*"] if hook else [],
    }


def run(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name = shapes.full_name(repo)
    base = f"{shapes.root()}/repos/{name}/check-runs/{row['id']}"
    of = current().db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    return {
        "id": row["id"],
        "node_id": node_ids.encode("CheckRun", row["id"]),
        "head_sha": row["head_sha"],
        "external_id": row["external_id"] or "",
        "url": base,
        "html_url": f"{shapes.web()}/{name}/runs/{row['id']}",
        "details_url": row["details_url"] or f"{shapes.web()}/{name}/runs/{row['id']}",
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
