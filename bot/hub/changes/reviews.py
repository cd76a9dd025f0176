"""Submitting reviews of pull requests."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bot.hub.changes import line_comments
from bot.hub.store.hub import Hub
from bot.hub.web.answers import Problem
from bot.hub.webhooks import reviews as review_hooks

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_OWN = {"APPROVE": "Can not approve your own pull request", "REQUEST_CHANGES": "Can not request changes on your own pull request"}


def submit(
    hub: Hub,
    pull: sqlite3.Row,
    *,
    author_id: int,
    app_id: int | None,
    event: str,
    body: str,
    commit_id: str | None = None,
    comments: Sequence[Mapping[str, Any]] = (),
) -> sqlite3.Row:
    if event in _OWN and pull["author_id"] == author_id:
        raise Problem(422, "Unprocessable Entity", [_OWN[event]])
    if event not in (*_STATES, "PENDING"):
        raise Problem(422, "Unprocessable Entity", [f"Variable $event of type PullRequestReviewEvent was provided invalid value {event}"])
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not comments:
        raise Problem(422, "Unprocessable Entity", ["You need to leave a comment indicating the requested changes."])
    placed = [line_comments.placed(pull, comment) for comment in comments]
    at = hub.now()
    with hub.write() as db:
        row: sqlite3.Row = db.execute(
            "insert into reviews (issue_id, author_id, app_id, body, state, commit_id, submitted_at) values (?, ?, ?, ?, ?, ?, ?) returning *",
            (
                pull["id"],
                author_id,
                app_id,
                body,
                _STATES.get(event, "PENDING"),
                commit_id or pull["head_sha"],
                at if event in _STATES else None,
            ),
        ).fetchone()
        for comment, line in placed:
            db.execute(
                "insert into review_comments (issue_id, review_id, author_id, body, path, line, side, position, commit_id, diff_hunk, created_at, updated_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    pull["id"],
                    row["id"],
                    author_id,
                    comment["body"],
                    comment["path"],
                    line.number,
                    line.side,
                    line.position,
                    row["commit_id"],
                    line.hunk,
                    at,
                    at,
                ),
            )
        db.execute("delete from review_requests where issue_id = ? and user_id = ?", (pull["id"], author_id))
        db.execute("update issues set updated_at = ? where id = ?", (at, pull["id"]))
        review_hooks.submitted(hub, db, pull, row, author_id)
    return row
