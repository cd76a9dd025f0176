"""What webhooks tell about issues: the whole issue as the API shows it, and what was done to it."""

import sqlite3
from typing import Any

from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries

_ISSUE = "select issues.*, exists (select 1 from pulls where issue_id = issues.id) as is_pull from issues where id = ?"
_DEPENDENCY = ("blocked_by_added", "blocked_by_removed")


def emit(hub: Hub, db: sqlite3.Connection, issue_id: int, action: str, actor_id: int, *, event: str = "issues", **more: Any) -> None:
    """`more` goes beside the issue. On a pull request GitHub sends labels and edits as the event `pull_request`, which is not made here."""
    row = db.execute(_ISSUE, (issue_id,)).fetchone()
    if not deliveries.wanted(db, row["repo_id"], event):
        return
    repo = db.execute("select * from repositories where id = ?", (row["repo_id"],)).fetchone()
    with deliveries.speaking(hub):
        deliveries.emit(hub, event, action, row["repo_id"], {"issue": _told(repo, row), **more}, actor_id)


def emit_comment(hub: Hub, db: sqlite3.Connection, comment: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    row = db.execute(_ISSUE, (comment["issue_id"],)).fetchone()
    if not deliveries.wanted(db, row["repo_id"], "issue_comment"):
        return
    repo = db.execute("select * from repositories where id = ?", (row["repo_id"],)).fetchone()
    with deliveries.speaking(hub):
        shown = issue_shapes.comment(repo, row["number"], comment)
    emit(hub, db, row["id"], action, actor_id, event="issue_comment", comment=shown, **more)


def label(hub: Hub, repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    with deliveries.speaking(hub):
        return issue_shapes.label(repo, row)


def related(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, action: str, other: sqlite3.Row, actor_id: int) -> None:
    event = "issue_dependencies" if action in _DEPENDENCY else "sub_issues"
    if not deliveries.wanted(db, issue["repo_id"], event):
        return
    with deliveries.speaking(hub):
        mine, theirs = (_shown(db, row["id"]) for row in (issue, other))
        mine_id, theirs_id = issue["id"], other["id"]
        match action:
            case "blocked_by_added" | "blocked_by_removed":
                payload = {"blocked_issue_id": mine_id, "blocked_issue": mine, "blocking_issue_id": theirs_id, "blocking_issue": theirs}
                payload["blocking_issue_repo"] = _repository(db, other)
            case "parent_issue_added" | "parent_issue_removed":
                payload = {"sub_issue_id": mine_id, "sub_issue": mine, "parent_issue_id": theirs_id, "parent_issue": theirs}
                payload["parent_issue_repo"] = _repository(db, other)
            case _:
                payload = {"sub_issue_id": theirs_id, "sub_issue": theirs, "parent_issue_id": mine_id, "parent_issue": mine}
                payload["sub_issue_repo"] = _repository(db, other)
        deliveries.emit(hub, event, action, issue["repo_id"], payload, actor_id)


def _shown(db: sqlite3.Connection, issue_id: int) -> dict[str, Any]:
    row = db.execute(_ISSUE, (issue_id,)).fetchone()
    return _told(db.execute("select * from repositories where id = ?", (row["repo_id"],)).fetchone(), row)


def _told(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    """Webhooks do not say who closed an issue."""
    return {name: value for name, value in issue_shapes.issue(repo, row).items() if name != "closed_by"}


def _repository(db: sqlite3.Connection, issue: sqlite3.Row) -> dict[str, Any]:
    """That of the other end, which may be another one; a webhook asks for nobody, so there are no permissions."""
    shown = repository_shapes.repository(db.execute("select * from repositories where id = ?", (issue["repo_id"],)).fetchone())
    return {name: value for name, value in shown.items() if name != "permissions"}
