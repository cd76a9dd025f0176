"""Milestones as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes.accounts import user
from bot.hub.shapes.links import root, web
from bot.hub.shapes.repositories import full_name
from bot.hub.store import node_ids
from bot.hub.web.context import current


def milestone(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name, db = full_name(repo), current().db
    base = f"{root()}/repos/{name}/milestones/{row['number']}"
    sql = "select state, count(*) as many from issues where id in (select issue_id from issue_milestones where milestone_id = ?) group by state"
    count = {found["state"]: found["many"] for found in db.execute(sql, (row["id"],))}
    kept = ("id", "number", "state", "title", "description", "created_at", "updated_at", "closed_at", "due_on")
    return {key: row[key] for key in kept} | {
        "url": base,
        "html_url": f"{web()}/{name}/milestone/{row['number']}",
        "labels_url": f"{base}/labels",
        "node_id": node_ids.encode("Milestone", row["id"]),
        "creator": user(row["creator_id"]),
        "open_issues": count.get("open", 0),
        "closed_issues": count.get("closed", 0),
    }


def of_issue(repo: sqlite3.Row, issue_id: int) -> dict[str, Any] | None:
    sql = "select milestones.* from milestones join issue_milestones on milestone_id = milestones.id where issue_id = ?"
    row = current().db.execute(sql, (issue_id,)).fetchone()
    return milestone(repo, row) if row else None
