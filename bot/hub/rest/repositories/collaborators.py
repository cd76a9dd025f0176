"""Who may do what in a repository, and who is asked to work on an issue."""

import sqlite3

from flask import Blueprint, Response

from bot.hub.changes import assignees
from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.web.access import at_least, has_role, repository, require, role_of
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import json_body, words
from bot.hub.web.paging import paged

routes = Blueprint("collaborators", __name__)


def _people(repo: sqlite3.Row) -> list[sqlite3.Row]:
    rows: list[sqlite3.Row] = (
        current()
        .db.execute(
            """select * from users where type = 'User' and (id = ? or id in (select user_id from collaborators where repo_id = ?)) order by id""",
            (repo["owner_id"], repo["id"]),
        )
        .fetchall()
    )
    return rows


@routes.get("/repos/<owner>/<name>/collaborators")
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    if not has_role(repo, "write", "metadata", "administration", "contents"):
        raise Problem(403, "Must have push access to view repository collaborators.")
    shown = []
    for person in paged(_people(repo)):
        role = role_of(current().db, repo, person["id"])
        shown.append(
            {**(account_shapes.user(person["id"]) or {}), "permissions": repository_shapes.permissions_of(role), "role_name": role}
        )
    return answered(shown)


@routes.get("/repos/<owner>/<name>/collaborators/<login>")
def is_one(owner: str, name: str, login: str) -> Response:
    repo = repository(owner, name)
    if login.lower() not in {person["login"].lower() for person in _people(repo)}:
        raise not_found()
    return nothing()


@routes.delete("/repos/<owner>/<name>/collaborators/<login>")
def remove(owner: str, name: str, login: str) -> Response:
    repo = repository(owner, name)
    require(repo, "administration", "write")
    with current().hub.write() as db:
        db.execute("delete from collaborators where repo_id = ? and user_id = (select id from users where login = ?)", (repo["id"], login))
    return nothing()


@routes.get("/repos/<owner>/<name>/assignees")
def assignable(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    able = [person for person in _people(repo) if at_least(role_of(current().db, repo, person["id"]), "write")]
    return answered([account_shapes.user(person["id"]) for person in paged(able)])


@routes.get("/repos/<owner>/<name>/assignees/<login>")
def may_be_assigned(owner: str, name: str, login: str) -> Response:
    repo = repository(owner, name)
    if assignees.assignable(current().db, repo, login) is None:
        raise not_found()
    return nothing()


@routes.post("/repos/<owner>/<name>/issues/<int:number>/assignees")
def assign(owner: str, name: str, number: int) -> Response:
    repo, issue, now = *_issue(owner, name, number), current()
    if has_role(repo, "triage", "issues", "pull_requests"):
        with now.hub.write() as db:
            assignees.put_on(now.hub, db, repo, issue["id"], words(json_body(), "assignees") or [], now.actor.user_id)
    return created(issue_shapes.issue(repo, issue_shapes.issue_row(repo, number)))


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/assignees")
def unassign(owner: str, name: str, number: int) -> Response:
    repo, issue, now = *_issue(owner, name, number), current()
    if has_role(repo, "triage", "issues", "pull_requests"):
        with now.hub.write() as db:
            assignees.take_off(now.hub, db, repo, issue["id"], words(json_body(), "assignees") or [], now.actor.user_id)
    return answered(issue_shapes.issue(repo, issue_shapes.issue_row(repo, number)))


def _issue(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    return repo, issue_shapes.issue_row(repo, number)
