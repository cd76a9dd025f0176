"""Actions variables of a repository: https://docs.github.com/rest/actions/variables"""

import re

from flask import Blueprint, Response

from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("variables", __name__)
_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*\Z")
_LONGEST = 48 * 1024
_SHOWN = ("name", "value", "created_at", "updated_at")


@routes.get("/repos/<owner>/<name>/actions/variables")
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions_variables", "read")
    count = current().db.execute("select count(*) from variables where repo_id = ?", (repo["id"],)).fetchone()[0]
    rows = paged_query("select * from variables where repo_id = ? order by name", (repo["id"],))
    return answered({"total_count": count, "variables": [{key: row[key] for key in _SHOWN} for row in rows]})


@routes.get("/repos/<owner>/<name>/actions/variables/<variable>")
def one(owner: str, name: str, variable: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions_variables", "read")
    row = current().db.execute("select * from variables where repo_id = ? and name = ?", (repo["id"], variable.upper())).fetchone()
    if row is None:
        raise not_found()
    return answered({key: row[key] for key in _SHOWN})


@routes.post("/repos/<owner>/<name>/actions/variables")
def make(owner: str, name: str) -> Response:
    repo, body, at = repository(owner, name), json_body(), current().hub.now()
    require(repo, "actions_variables", "write")
    wanted, value = _named(field(body, "name", str, required=True)), _sized(field(body, "value", str, required=True))
    with current().hub.write() as db:
        if db.execute("insert or ignore into variables values (?, ?, ?, ?, ?)", (repo["id"], wanted, value, at, at)).rowcount == 0:
            raise Problem(409, f"Already exists - Variable already exists: {wanted}")
    return created({})


@routes.patch("/repos/<owner>/<name>/actions/variables/<variable>")
def change(owner: str, name: str, variable: str) -> Response:
    repo, body, now = repository(owner, name), json_body(), current()
    require(repo, "actions_variables", "write")
    asked, value = field(body, "name", str), field(body, "value", str)
    with now.hub.write() as db:
        done = db.execute(
            "update variables set name = coalesce(?, name), value = coalesce(?, value), updated_at = ? where repo_id = ? and name = ?",
            (asked and _named(asked), value and _sized(value), now.hub.now(), repo["id"], variable.upper()),
        ).rowcount
    if not done:
        raise not_found()
    return nothing()


@routes.delete("/repos/<owner>/<name>/actions/variables/<variable>")
def delete(owner: str, name: str, variable: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions_variables", "write")
    with current().hub.write() as db:
        done = db.execute("delete from variables where repo_id = ? and name = ?", (repo["id"], variable.upper())).rowcount
    if not done:
        raise not_found()
    return nothing()


def _named(name: str) -> str:
    """Names are kept in capitals, and GITHUB_ is GitHub's own."""
    if not _NAME.match(name.upper()):
        raise Problem(422, "Variable name is invalid")
    return name.upper()


def _sized(value: str) -> str:
    if len(value.encode()) > _LONGEST:
        raise Problem(422, "Variable value is too large")
    return value
