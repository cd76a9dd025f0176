"""Issues, their labels, comments and events as GitHub's JSON shows them."""

import json
import sqlite3
from typing import Any
from urllib.parse import quote

from bot.hub.shapes import milestones, reactions
from bot.hub.shapes.accounts import user
from bot.hub.shapes.apps import app_of
from bot.hub.shapes.bodies import bodies
from bot.hub.shapes.links import root, web
from bot.hub.shapes.repositories import association, full_name
from bot.hub.store import node_ids
from bot.hub.web.answers import not_found
from bot.hub.web.context import current


def label(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "node_id": node_ids.encode("Label", row["id"]),
        "url": f"{root()}/repos/{full_name(repo)}/labels/{quote(row['name'], safe='')}",
        "name": row["name"],
        "color": row["color"],
        "default": False,
        "description": row["description"],
    }


def labels_of(issue_id: int) -> list[sqlite3.Row]:
    return (
        current()
        .db.execute("select labels.* from labels join issue_labels on label_id = labels.id where issue_id = ? order by name", (issue_id,))
        .fetchall()
    )


def issue_row(repo: sqlite3.Row, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current()
        .db.execute(
            "select issues.*, exists (select 1 from pulls where issue_id = issues.id) as is_pull from issues where repo_id = ? and number = ?",
            (repo["id"], number),
        )
        .fetchone()
    )
    if row is None:
        raise not_found()
    return row


def issue(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    db, name = current().db, full_name(repo)
    kind = "pull" if row["is_pull"] else "issues"
    base = f"{root()}/repos/{name}/issues/{row['number']}"
    assignees = [user(found["user_id"]) for found in db.execute("select user_id from issue_assignees where issue_id = ?", (row["id"],))]
    shown = {
        "id": row["id"],
        "node_id": node_ids.encode("PullRequest" if row["is_pull"] else "Issue", row["id"]),
        "url": base,
        "repository_url": f"{root()}/repos/{name}",
        "labels_url": f"{base}/labels{{/name}}",
        "comments_url": f"{base}/comments",
        "events_url": f"{base}/events",
        "timeline_url": f"{base}/timeline",
        "html_url": f"{web()}/{name}/{kind}/{row['number']}",
        "number": row["number"],
        "state": row["state"],
        "state_reason": row["state_reason"],
        "title": row["title"],
        **bodies(row["body"]),
        "user": user(row["author_id"]),
        "labels": [label(repo, found) for found in labels_of(row["id"])],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestones.of_issue(repo, row["id"]),
        "locked": bool(row["locked"]),
        "active_lock_reason": None,
        "comments": db.execute("select count(*) from comments where issue_id = ?", (row["id"],)).fetchone()[0],
        "closed_at": row["closed_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": association(repo, row["author_id"]),
        "reactions": reactions.counted("issues", row["id"], base),
        "performed_via_github_app": app_of(row["author_id"]),
        "closed_by": user(row["closed_by_id"]),
    }
    if row["is_pull"]:
        merged = db.execute("select merged_at, draft from pulls where issue_id = ?", (row["id"],)).fetchone()
        pull = f"{root()}/repos/{name}/pulls/{row['number']}"
        page = f"{web()}/{name}/pull/{row['number']}"
        shown |= {
            "draft": bool(merged["draft"]),
            "pull_request": {
                "url": pull, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch", "merged_at": merged["merged_at"]
            },
        }  # fmt: skip
    return shown


def comment(repo: sqlite3.Row, number: int, row: sqlite3.Row) -> dict[str, Any]:
    name = full_name(repo)
    base = f"{root()}/repos/{name}/issues/comments/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_ids.encode("IssueComment", row["id"]),
        "url": base,
        "html_url": f"{web()}/{name}/issues/{number}#issuecomment-{row['id']}",
        **bodies(row["body"]),
        "user": user(row["author_id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "issue_url": f"{root()}/repos/{name}/issues/{number}",
        "author_association": association(repo, row["author_id"]),
        "performed_via_github_app": app_of(row["author_id"]),
        "reactions": reactions.counted("comments", row["id"], base),
    }


def event(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "id": row["id"],
        "node_id": node_ids.encode("LabeledEvent", row["id"]),
        "url": f"{root()}/repos/{full_name(repo)}/issues/events/{row['id']}",
        "actor": user(row["actor_id"]),
        "event": row["event"],
        "commit_id": None,
        "commit_url": None,
        "created_at": row["created_at"],
        "performed_via_github_app": None,
    }
    data: dict[str, Any] = json.loads(row["data"])
    for untold in ("other_id", "reason", "before", "after"):  # the other end of a relation, and what only GraphQL tells
        data.pop(untold, None)
    if person := data.pop("assignee_id", None):
        shown |= {"assignee": user(person), "assigner": shown["actor"]}
    if person := data.pop("requested_reviewer_id", None):
        shown |= {"requested_reviewer": user(person), "review_requester": shown["actor"]}
    if sha := data.get("commit_id"):
        shown["commit_url"] = f"{root()}/repos/{full_name(repo)}/commits/{sha}"
    return shown | data
