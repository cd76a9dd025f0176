"""Milestones: https://docs.github.com/rest/issues/milestones. An issue is put on one by `PATCH issues/{number}`."""

import sqlite3

from flask import Blueprint, Response

from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes.milestones import milestone
from bot.hub.web.access import has_role, repository, require
from bot.hub.web.answers import answered, created, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, moment, one_of
from bot.hub.web.paging import paged_query

routes = Blueprint("milestones", __name__)
_ALL = "/repos/<owner>/<name>/milestones"
_ONE = f"{_ALL}/<int:number>"


def find(repo: sqlite3.Row, number: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = (
        current().db.execute("select * from milestones where repo_id = ? and number = ?", (repo["id"], number)).fetchone()
    )
    return row


def _found(repo: sqlite3.Row, number: int) -> sqlite3.Row:
    row = find(repo, number)
    if row is None:
        raise not_found()
    return row


def _writable(owner: str, name: str) -> sqlite3.Row:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    if not has_role(repo, "triage", "issues", "pull_requests"):
        raise not_found()
    return repo


@routes.get(_ALL)
def listed(owner: str, name: str) -> Response:
    repo, where = repository(owner, name), ""
    state = one_of("state", "open", ("open", "closed", "all"))
    if state != "all":
        where = f" and state = '{state}'"
    column = {"due_on": "due_on is null, due_on", "completeness": "state"}[one_of("sort", "due_on", ("due_on", "completeness"))]
    way = one_of("direction", "asc", ("asc", "desc"))
    rows = paged_query(f"select * from milestones where repo_id = ?{where} order by {column} {way}, number", (repo["id"],))
    return answered([milestone(repo, row) for row in rows])


@routes.post(_ALL)
def make(owner: str, name: str) -> Response:
    repo, now, body = _writable(owner, name), current(), json_body()
    title = field(body, "title", str, required=True)
    due, at = field(body, "due_on", str), now.hub.now()
    state = _state(field(body, "state", str) or "open")
    with now.hub.write() as db:
        if db.execute("select 1 from milestones where repo_id = ? and title = ?", (repo["id"], title)).fetchone():
            raise invalid("Milestone", "title", "already_exists")
        last = db.execute("select max(number) from milestones where repo_id = ?", (repo["id"],)).fetchone()[0]
        row = db.execute(
            "insert into milestones (repo_id, number, title, description, state, creator_id, due_on, created_at, updated_at, closed_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (
                repo["id"], (last or 0) + 1, title, field(body, "description", str), state, now.actor.user_id,
                moment(due, "due_on") if due else None, at, at, at if state == "closed" else None,
            ),
        ).fetchone()  # fmt: skip
    return created(milestone(repo, row))


def _state(state: str) -> str:
    if state not in ("open", "closed"):
        raise invalid("Milestone", "state", "invalid")
    return state


@routes.get(_ONE)
def one(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    return answered(milestone(repo, _found(repo, number)))


@routes.patch(_ONE)
def change(owner: str, name: str, number: int) -> Response:
    repo, now, body = _writable(owner, name), current(), json_body()
    row = _found(repo, number)
    title, due = field(body, "title", str) or row["title"], field(body, "due_on", str)
    state, at = _state(field(body, "state", str) or row["state"]), now.hub.now()
    with now.hub.write() as db:
        db.execute(
            "update milestones set title = ?, description = ?, state = ?, due_on = ?, updated_at = ?, closed_at = ? where id = ?",
            (
                title,
                field(body, "description", str) if "description" in body else row["description"],
                state,
                (moment(due, "due_on") if due else None) if "due_on" in body else row["due_on"],
                at,
                (row["closed_at"] or at) if state == "closed" else None,
                row["id"],
            ),
        )
    return answered(milestone(repo, _found(repo, number)))


@routes.delete(_ONE)
def delete(owner: str, name: str, number: int) -> Response:
    row = _found(_writable(owner, name), number)
    with current().hub.write() as db:
        db.execute("delete from issue_milestones where milestone_id = ?", (row["id"],))
        db.execute("delete from milestones where id = ?", (row["id"],))
    return nothing()


@routes.get(f"{_ONE}/labels")
def labels(owner: str, name: str, number: int) -> Response:
    """Those of its issues."""
    repo = repository(owner, name)
    rows = paged_query(
        "select distinct labels.* from labels join issue_labels on label_id = labels.id"
        " join issue_milestones on issue_milestones.issue_id = issue_labels.issue_id where milestone_id = ? order by name",
        (_found(repo, number)["id"],),
    )
    return answered([issue_shapes.label(repo, row) for row in rows])
