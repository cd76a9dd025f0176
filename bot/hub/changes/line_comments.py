"""Comments on lines of a pull request's changes: begun on a line or answered, each a review of its own where it came with none."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bot.hub.changes import pulls
from bot.hub.store import diffs
from bot.hub.store.hub import Hub
from bot.hub.web.answers import Problem
from bot.hub.webhooks import reviews as review_hooks


def placed(pull: sqlite3.Row, comment: Mapping[str, Any]) -> tuple[Mapping[str, Any], diffs.DiffLine]:
    """Where in the changes it stands; a place outside of them is refused."""
    side = comment.get("side") or "RIGHT"
    file = next((file for file in pulls.changed(pull) if file.path == comment.get("path")), None)
    if file is None:
        raise Problem(422, "Unprocessable Entity", ["Path could not be resolved"])
    line = diffs.line_in(file.patch, side, int(comment.get("line") or 0))
    if line is None:
        raise Problem(422, "Unprocessable Entity", ["Line could not be resolved"])
    return comment, line


def begin(hub: Hub, pull: sqlite3.Row, comment: Mapping[str, Any], author_id: int) -> sqlite3.Row:
    try:
        _, line = placed(pull, comment)
    except Problem as problem:
        field = "path" if "Path" in str(problem.errors) else "line"
        wrong = {"resource": "PullRequestReviewComment", "code": "invalid", "field": f"pull_request_review_thread.{field}"}
        raise Problem(422, "Validation Failed", [wrong]) from None
    place = {
        "path": comment["path"],
        "line": line.number,
        "side": line.side,
        "position": line.position,
        "diff_hunk": line.hunk,
        "in_reply_to_id": None,
    }
    return _add(hub, pull, str(comment["body"]), author_id, place)


def answer(hub: Hub, pull: sqlite3.Row, first: sqlite3.Row, body: str, author_id: int) -> sqlite3.Row:
    place = {key: first[key] for key in ("path", "line", "side", "position", "diff_hunk")} | {"in_reply_to_id": first["id"]}
    return _add(hub, pull, body, author_id, place)


def rewrite(hub: Hub, pull: sqlite3.Row, row: sqlite3.Row, body: str, editor_id: int) -> None:
    at = hub.now()
    with hub.write() as db:
        db.execute("update review_comments set body = ?, updated_at = ?, edited_at = ? where id = ?", (body, at, at, row["id"]))
        db.execute("update issues set updated_at = ? where id = ?", (at, pull["id"]))
        fresh = db.execute("select * from review_comments where id = ?", (row["id"],)).fetchone()
        review_hooks.line_comment(hub, db, pull, fresh, "edited", editor_id, changes={"body": {"from": row["body"]}})


def _add(hub: Hub, pull: sqlite3.Row, body: str, author_id: int, place: Mapping[str, Any]) -> sqlite3.Row:
    at, head = hub.now(), pull["head_sha"]
    with hub.write() as db:
        review = db.execute(
            "insert into reviews (issue_id, author_id, body, state, commit_id, submitted_at) values (?, ?, '', 'COMMENTED', ?, ?) returning id",
            (pull["id"], author_id, head, at),
        ).fetchone()
        known = {"issue_id": pull["id"], "review_id": review["id"], "author_id": author_id, "body": body, "commit_id": head}
        values = known | dict(place) | {"created_at": at, "updated_at": at}
        row: sqlite3.Row = db.execute(
            f"insert into review_comments ({', '.join(values)}) values ({', '.join('?' * len(values))}) returning *", tuple(values.values())
        ).fetchone()
        db.execute("update issues set updated_at = ? where id = ?", (at, pull["id"]))
        review_hooks.line_comment(hub, db, pull, row, "created", author_id)
    return row
