"""Changing issues: made, edited, closed, reopened."""

import sqlite3
from typing import Any

from bot.hub.changes import timeline
from bot.hub.store.hub import Hub
from bot.hub.webhooks import issues as issue_hooks


def create_issue_row(db: sqlite3.Connection, repo: sqlite3.Row, title: str, body: str | None, author_id: int, at: str) -> sqlite3.Row:
    number = db.execute(
        "update repositories set next_number = next_number + 1 where id = ? returning next_number - 1", (repo["id"],)
    ).fetchone()[0]
    row: sqlite3.Row = db.execute(
        "insert into issues (repo_id, number, title, body, author_id, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?) returning *",
        (repo["id"], number, title, body, author_id, at, at),
    ).fetchone()
    return row


def edit(
    hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue: sqlite3.Row, actor_id: int, *, title: str | None, body: str | None
) -> None:
    at = hub.now()
    if title is not None and title != issue["title"]:
        timeline.record(db, issue["id"], "renamed", actor_id, at, rename={"from": issue["title"], "to": title})
        db.execute("update issues set title = ?, updated_at = ? where id = ?", (title, at, issue["id"]))
    if body is not None and body != issue["body"]:
        db.execute(
            "update issues set body = ?, updated_at = ?, edited_at = ?, editor_id = ? where id = ?", (body, at, at, actor_id, issue["id"])
        )
        db.execute("insert into issue_edits (issue_id, editor_id, at, body) values (?, ?, ?, ?)", (issue["id"], actor_id, at, body))
    before = {"title": (title, issue["title"]), "body": (body, issue["body"])}
    changes = {name: {"from": old or ""} for name, (new, old) in before.items() if new is not None and new != old}
    if changes:
        emit_issue(hub, repo, issue, "edited", actor_id, changes=changes)


def emit_issue(hub: Hub, repo: sqlite3.Row, issue: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    issue_hooks.emit(hub, hub.db(), issue["id"], action, actor_id, **more)


def _repo(db: sqlite3.Connection, issue: sqlite3.Row) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("select * from repositories where id = ?", (issue["repo_id"],)).fetchone()
    return row


def close_issue(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, actor_id: int, reason: str, commit_id: str | None = None) -> None:
    at = hub.now()
    db.execute(
        "update issues set state = 'closed', state_reason = ?, closed_at = ?, closed_by_id = ?, updated_at = ? where id = ?",
        (reason, at, actor_id, at, issue["id"]),
    )
    timeline.record(db, issue["id"], "closed", actor_id, at, commit_id=commit_id, state_reason=reason)
    emit_issue(hub, _repo(db, issue), issue, "closed", actor_id)


def reopen_issue(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, actor_id: int) -> None:
    at = hub.now()
    db.execute(
        "update issues set state = 'open', state_reason = 'reopened', closed_at = null, closed_by_id = null, updated_at = ? where id = ?",
        (at, issue["id"]),
    )
    timeline.record(db, issue["id"], "reopened", actor_id, at)
    emit_issue(hub, _repo(db, issue), issue, "reopened", actor_id)
