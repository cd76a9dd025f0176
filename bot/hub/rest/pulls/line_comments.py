"""Comments on lines of a pull request: https://docs.github.com/rest/pulls/comments"""

import sqlite3

from flask import Blueprint, Response

from bot.hub.changes import line_comments
from bot.hub.rest.pulls import pulls
from bot.hub.shapes import pulls as pull_shapes
from bot.hub.store import pull_rows
from bot.hub.web.access import has_role, repository, require, signed_in
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("line_comments", __name__)
_REPO = "/repos/<owner>/<name>"


@routes.get(f"{_REPO}/pulls/<int:number>/comments")
def listed(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    rows = paged_query("select * from review_comments where issue_id = ? order by id", (pull["id"],))
    return answered([pull_shapes.review_comment(repo, number, row) for row in rows])


@routes.post(f"{_REPO}/pulls/<int:number>/comments")
def make(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    body = json_body()
    _may_speak(repo, pull)
    text = field(body, "body", str, required=True)
    if (first := field(body, "in_reply_to", int)) is not None:
        row = line_comments.answer(current().hub, pull, _thread(pull, first), text, signed_in().user_id)
    else:
        place = {"body": text, "path": field(body, "path", str, required=True), "line": field(body, "line", int), "side": body.get("side")}
        row = line_comments.begin(current().hub, pull, place, signed_in().user_id)
    return created(pull_shapes.review_comment(repo, number, row))


@routes.post(f"{_REPO}/pulls/<int:number>/comments/<int:comment_id>/replies")
def reply(owner: str, name: str, number: int, comment_id: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    _may_speak(repo, pull)
    first = _thread(pull, comment_id)
    row = line_comments.answer(current().hub, pull, first, field(json_body(), "body", str, required=True), signed_in().user_id)
    return created(pull_shapes.review_comment(repo, number, row))


@routes.get(f"{_REPO}/pulls/comments/<int:comment_id>")
def one(owner: str, name: str, comment_id: int) -> Response:
    repo = repository(owner, name)
    row, pull = _found(repo, comment_id)
    return answered(pull_shapes.review_comment(repo, pull["number"], row))


@routes.patch(f"{_REPO}/pulls/comments/<int:comment_id>")
def change(owner: str, name: str, comment_id: int) -> Response:
    repo = repository(owner, name)
    row, pull = _found(repo, comment_id)
    if row["author_id"] != signed_in().user_id and not has_role(repo, "write", "pull_requests"):
        raise not_found()
    line_comments.rewrite(current().hub, pull, row, field(json_body(), "body", str, required=True), signed_in().user_id)
    return answered(pull_shapes.review_comment(repo, pull["number"], _found(repo, comment_id)[0]))


def _may_speak(repo: sqlite3.Row, pull: sqlite3.Row) -> None:
    require(repo, "pull_requests", "write")
    if pull["locked"] and not has_role(repo, "write", "pull_requests"):
        raise Problem(403, "Unable to create comment because issue is locked.")


def _thread(pull: sqlite3.Row, comment_id: int) -> sqlite3.Row:
    """Answers to an answer stand below the first comment: threads have one level."""
    sql = "select * from review_comments where issue_id = ? and id = ?"
    row: sqlite3.Row | None = current().db.execute(sql, (pull["id"], comment_id)).fetchone()
    if row is None:
        raise not_found()
    return row if row["in_reply_to_id"] is None else _thread(pull, row["in_reply_to_id"])


def _found(repo: sqlite3.Row, comment_id: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    db = current().db
    row = db.execute("select * from review_comments where id = ?", (comment_id,)).fetchone()
    pull = pull_rows.by_id(db, row["issue_id"]) if row is not None else None
    if row is None or pull is None or pull["repo_id"] != repo["id"]:
        raise not_found()
    return row, pull
