"""Reactions to issues, pull requests, their comments and the comments on lines: https://docs.github.com/rest/reactions/reactions"""

import sqlite3

from flask import Blueprint, Response, request

from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import reactions as reaction_shapes
from bot.hub.web.access import has_role, repository, require, signed_in
from bot.hub.web.answers import answered, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged

routes = Blueprint("reactions", __name__)
_REPO = "/repos/<owner>/<name>"


def _issue(repo: sqlite3.Row, number: int) -> tuple[str, int]:
    return "issues", int(issue_shapes.issue_row(repo, number)["id"])


def _comment(repo: sqlite3.Row, key: int, table: str = "comments") -> tuple[str, int]:
    sql = f"select {table}.id from {table} join issues on issues.id = issue_id where {table}.id = ? and repo_id = ?"
    if current().db.execute(sql, (key, repo["id"])).fetchone() is None:
        raise not_found()
    return table, key


def _listed(about: tuple[str, int]) -> Response:
    wanted = request.args.get("content")
    rows = [row for row in reaction_shapes.to(*about) if wanted in (None, row["content"])]
    return answered([reaction_shapes.reaction(row) for row in paged(rows)])


def _made(repo: sqlite3.Row, about: tuple[str, int]) -> Response:
    """Doing it twice does nothing more, and is answered by 200."""
    require(repo, ("issues", "pull_requests"), "write")
    now, content = current(), field(json_body(), "content", str, required=True)
    if content not in reaction_shapes.CONTENTS:
        raise invalid("Reaction", "content", "invalid")
    mine = (*about, signed_in().user_id, content)
    with now.hub.write() as db:
        sql = "insert or ignore into reactions (about, about_id, user_id, content, created_at) values (?, ?, ?, ?, ?)"
        is_new = db.execute(sql, (*mine, now.hub.now())).rowcount
        row = db.execute("select * from reactions where about = ? and about_id = ? and user_id = ? and content = ?", mine).fetchone()
    return answered(reaction_shapes.reaction(row), 201 if is_new else 200)


def _gone(repo: sqlite3.Row, about: tuple[str, int], reaction_id: int) -> Response:
    row = next((row for row in reaction_shapes.to(*about) if row["id"] == reaction_id), None)
    if row is None or (row["user_id"] != signed_in().user_id and not has_role(repo, "write", "issues", "pull_requests")):
        raise not_found()
    with current().hub.write() as db:
        db.execute("delete from reactions where id = ?", (reaction_id,))
    return nothing()


@routes.get(f"{_REPO}/issues/<int:number>/reactions")
def to_issue(owner: str, name: str, number: int) -> Response:
    return _listed(_issue(repository(owner, name), number))


@routes.post(f"{_REPO}/issues/<int:number>/reactions")
def react_to_issue(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    return _made(repo, _issue(repo, number))


@routes.delete(f"{_REPO}/issues/<int:number>/reactions/<int:reaction_id>")
def take_from_issue(owner: str, name: str, number: int, reaction_id: int) -> Response:
    repo = repository(owner, name)
    return _gone(repo, _issue(repo, number), reaction_id)


@routes.get(f"{_REPO}/issues/comments/<int:key>/reactions")
def to_comment(owner: str, name: str, key: int) -> Response:
    return _listed(_comment(repository(owner, name), key))


@routes.post(f"{_REPO}/issues/comments/<int:key>/reactions")
def react_to_comment(owner: str, name: str, key: int) -> Response:
    repo = repository(owner, name)
    return _made(repo, _comment(repo, key))


@routes.delete(f"{_REPO}/issues/comments/<int:key>/reactions/<int:reaction_id>")
def take_from_comment(owner: str, name: str, key: int, reaction_id: int) -> Response:
    repo = repository(owner, name)
    return _gone(repo, _comment(repo, key), reaction_id)


@routes.get(f"{_REPO}/pulls/comments/<int:key>/reactions")
def to_line(owner: str, name: str, key: int) -> Response:
    return _listed(_comment(repository(owner, name), key, "review_comments"))


@routes.post(f"{_REPO}/pulls/comments/<int:key>/reactions")
def react_to_line(owner: str, name: str, key: int) -> Response:
    repo = repository(owner, name)
    return _made(repo, _comment(repo, key, "review_comments"))


@routes.delete(f"{_REPO}/pulls/comments/<int:key>/reactions/<int:reaction_id>")
def take_from_line(owner: str, name: str, key: int, reaction_id: int) -> Response:
    repo = repository(owner, name)
    return _gone(repo, _comment(repo, key, "review_comments"), reaction_id)
