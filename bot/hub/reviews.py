"""Reviews of pull requests and the comments on their lines.

https://docs.github.com/rest/pulls/reviews: nobody approves their own, and one line outside the diff refuses the whole review.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response

from bot.hub import actions_settings, pull_files, pull_rows, pulls, shapes_pull, timeline, webhooks
from bot.hub.hub import Hub
from bot.hub.web import Problem, answered, created, current, field, json_body, not_found, paged_query, require, signed_in

routes = Blueprint("reviews", __name__)
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_OWN = {"APPROVE": "Can not approve your own pull request", "REQUEST_CHANGES": "Can not request changes on your own pull request"}


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def listed(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    rows = paged_query("select * from reviews where issue_id = ? and state != 'PENDING' order by id", (pull["id"],))
    return answered([shapes_pull.review(repo, number, row) for row in rows])


@routes.post("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def make(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "pull_requests", "write")
    body, now = json_body(), current()
    if field(body, "event", str) == "APPROVE":
        actions_settings.refuse_a_job(repo)
    row = submit(
        now.hub,
        pull,
        author_id=signed_in().user_id,
        app_id=now.actor.app_id,
        event=field(body, "event", str) or "PENDING",
        body=field(body, "body", str) or "",
        commit_id=field(body, "commit_id", str),
        comments=field(body, "comments", list) or [],
    )
    return created(shapes_pull.review(repo, number, row), 200)


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
    placed = [_placed(pull, comment) for comment in comments]
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
                "insert into review_comments (issue_id, review_id, author_id, body, path, line, side, commit_id, diff_hunk, created_at, updated_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    pull["id"],
                    row["id"],
                    author_id,
                    comment["body"],
                    comment["path"],
                    line.number,
                    line.side,
                    row["commit_id"],
                    line.hunk,
                    at,
                    at,
                ),
            )
        db.execute("update issues set updated_at = ? where id = ?", (at, pull["id"]))
        _told(hub, db, pull, row, author_id)
    return row


def _told(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, row: sqlite3.Row, sender_id: int) -> None:
    if row["submitted_at"] is None or not webhooks.wanted(db, pull["repo_id"], "pull_request_review"):
        return
    repo = pull_rows.repository_of(db, pull["repo_id"])
    with webhooks.speaking(hub):
        review = shapes_pull.review(repo, pull["number"], row) | {"state": row["state"].lower()}
        shown = {"review": review, "pull_request": shapes_pull.pull(hub, db, pull_rows.by_id(db, pull["id"]), full=False)}
    webhooks.emit(hub, "pull_request_review", "submitted", pull["repo_id"], shown, sender_id)


def _placed(pull: sqlite3.Row, comment: Mapping[str, Any]) -> tuple[Mapping[str, Any], pull_files.DiffLine]:
    side = comment.get("side") or "RIGHT"
    file = next((file for file in pulls.changed(pull) if file.path == comment.get("path")), None)
    if file is None:
        raise Problem(422, "Unprocessable Entity", ["Path could not be resolved"])
    line = pull_files.line_in(file.patch, side, int(comment.get("line") or 0))
    if line is None:
        raise Problem(422, "Unprocessable Entity", ["Line could not be resolved"])
    return comment, line


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/reviews/<int:review_id>/dismissals")
def dismiss(owner: str, name: str, number: int, review_id: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "pull_requests", "write")
    now = current()
    message = field(json_body(), "message", str, required=True)
    with now.hub.write() as db:
        row = db.execute("select * from reviews where id = ? and issue_id = ?", (review_id, pull["id"])).fetchone()
        if row is None:
            raise not_found()
        db.execute("update reviews set state = 'DISMISSED' where id = ?", (review_id,))
        was = {"state": row["state"].lower(), "review_id": review_id, "dismissal_message": message}
        timeline.record(db, pull["id"], "review_dismissed", now.actor.user_id, now.hub.now(), dismissed_review=was)
        row = db.execute("select * from reviews where id = ?", (review_id,)).fetchone()
    return answered(shapes_pull.review(repo, number, row))


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/comments")
def line_comments(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    rows = paged_query("select * from review_comments where issue_id = ? order by id", (pull["id"],))
    return answered([shapes_pull.review_comment(repo, number, row) for row in rows])


def opinions(db: sqlite3.Connection, pull: sqlite3.Row) -> str | None:
    """GraphQL's reviewDecision, where the base branch asks for reviews."""
    states = {row["state"] for row in pull_rows.latest_opinions(db, pull)}
    return "CHANGES_REQUESTED" if "CHANGES_REQUESTED" in states else "APPROVED" if "APPROVED" in states else None
