"""Comments below issues and pull requests."""

import sqlite3

from flask import Blueprint, Response, request

from bot.hub.shapes import issues as issue_shapes
from bot.hub.store.hub import Hub
from bot.hub.web.access import has_role, repository, require, signed_in
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, moment, one_of
from bot.hub.web.paging import paged_query
from bot.hub.webhooks import issues as issue_hooks

routes = Blueprint("comments", __name__)


@routes.get("/repos/<owner>/<name>/issues/<int:number>/comments")
def listed(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue = issue_shapes.issue_row(repo, number)
    since = moment(request.args["since"]) if request.args.get("since") else ""
    rows = paged_query("select * from comments where issue_id = ? and updated_at >= ? order by id", (issue["id"], since))
    return answered([issue_shapes.comment(repo, number, row) for row in rows])


@routes.get("/repos/<owner>/<name>/issues/comments")
def in_repository(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    since = moment(request.args["since"]) if request.args.get("since") else ""
    column = {"created": "comments.id", "updated": "comments.updated_at"}[one_of("sort", "created", ("created", "updated"))]
    way = one_of("direction", "asc", ("asc", "desc"))
    rows = paged_query(
        f"""select comments.*, number from comments join issues on issues.id = issue_id
            where repo_id = ? and comments.updated_at >= ? order by {column} {way}, comments.id {way}""",
        (repo["id"], since),
    )
    return answered([issue_shapes.comment(repo, row["number"], row) for row in rows])


@routes.post("/repos/<owner>/<name>/issues/<int:number>/comments")
def make(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    issue, now = issue_shapes.issue_row(repo, number), current()
    body = field(json_body(), "body", str, required=True)
    if issue["locked"] and not has_role(repo, "write", "issues", "pull_requests"):
        raise Problem(403, "Unable to create comment because issue is locked.")
    with now.hub.write() as db:
        row = add(now.hub, db, repo, issue, body, now.actor.user_id)
    return created(issue_shapes.comment(repo, number, row))


def add(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue: sqlite3.Row, body: str, author_id: int) -> sqlite3.Row:
    at = hub.now()
    row: sqlite3.Row = db.execute(
        "insert into comments (issue_id, author_id, body, created_at, updated_at) values (?, ?, ?, ?, ?) returning *",
        (issue["id"], author_id, body, at, at),
    ).fetchone()
    db.execute("update issues set updated_at = ? where id = ?", (at, issue["id"]))
    issue_hooks.emit_comment(hub, db, row, "created", author_id)
    return row


def rewrite(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row, body: str, editor_id: int) -> None:
    at = hub.now()
    db.execute(
        "update comments set body = ?, updated_at = ?, edited_at = ?, editor_id = ? where id = ?", (body, at, at, editor_id, row["id"])
    )
    db.execute("update issues set updated_at = ? where id = ?", (at, row["issue_id"]))
    fresh = db.execute("select * from comments where id = ?", (row["id"],)).fetchone()
    issue_hooks.emit_comment(hub, db, fresh, "edited", editor_id, changes={"body": {"from": row["body"]}})


def _found(repo: sqlite3.Row, comment_id: int) -> tuple[sqlite3.Row, int]:
    row = (
        current()
        .db.execute(
            "select comments.*, number from comments join issues on issues.id = issue_id where comments.id = ? and repo_id = ?",
            (comment_id, repo["id"]),
        )
        .fetchone()
    )
    if row is None:
        raise not_found()
    return row, row["number"]


@routes.get("/repos/<owner>/<name>/issues/comments/<int:comment_id>")
def one(owner: str, name: str, comment_id: int) -> Response:
    repo = repository(owner, name)
    row, number = _found(repo, comment_id)
    return answered(issue_shapes.comment(repo, number, row))


def _mine_or_writable(repo: sqlite3.Row, row: sqlite3.Row) -> None:
    if row["author_id"] != signed_in().user_id and not has_role(repo, "write", "issues", "pull_requests"):
        raise not_found()


@routes.patch("/repos/<owner>/<name>/issues/comments/<int:comment_id>")
def change(owner: str, name: str, comment_id: int) -> Response:
    repo = repository(owner, name)
    row, number = _found(repo, comment_id)
    _mine_or_writable(repo, row)
    with current().hub.write() as db:
        rewrite(current().hub, db, row, field(json_body(), "body", str, required=True), current().actor.user_id)
    return answered(issue_shapes.comment(repo, number, _found(repo, comment_id)[0]))


@routes.delete("/repos/<owner>/<name>/issues/comments/<int:comment_id>")
def delete(owner: str, name: str, comment_id: int) -> Response:
    repo = repository(owner, name)
    row, _ = _found(repo, comment_id)
    _mine_or_writable(repo, row)
    with current().hub.write() as db:
        issue_hooks.emit_comment(current().hub, db, row, "deleted", current().actor.user_id)
        db.execute("delete from comments where id = ?", (comment_id,))
        db.execute("delete from reactions where about = 'comments' and about_id = ?", (comment_id,))
        db.execute("update issues set updated_at = ? where id = ?", (current().hub.now(), row["issue_id"]))
    return nothing()
