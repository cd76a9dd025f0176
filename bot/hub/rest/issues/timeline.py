"""What happened to an issue or pull request, in the order in which it happened."""

import sqlite3
from typing import Any

from flask import Blueprint, Response

from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import pulls as pull_shapes
from bot.hub.web.access import repository
from bot.hub.web.answers import answered
from bot.hub.web.context import current
from bot.hub.web.paging import paged, paged_query

routes = Blueprint("timeline", __name__)


@routes.get("/repos/<owner>/<name>/issues/<int:number>/events")
def events(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue = issue_shapes.issue_row(repo, number)
    rows = paged_query("select * from events where issue_id = ? order by id", (issue["id"],))
    return answered([issue_shapes.event(repo, row) for row in rows])


@routes.get("/repos/<owner>/<name>/issues/events")
def of_repository(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    rows = paged_query(
        "select events.*, number from events join issues on issues.id = issue_id where repo_id = ? order by events.id desc", (repo["id"],)
    )
    return answered(
        [{**issue_shapes.event(repo, row), "issue": issue_shapes.issue(repo, issue_shapes.issue_row(repo, row["number"]))} for row in rows]
    )


@routes.get("/repos/<owner>/<name>/issues/<int:number>/timeline")
def listed(owner: str, name: str, number: int) -> Response:
    """Events, comments and reviews together, oldest first. Of commits the pull request tells."""
    repo = repository(owner, name)
    issue, db = issue_shapes.issue_row(repo, number), current().db
    found = [(row["created_at"], 1, row["id"], _event(repo, row)) for row in _of(db, "events", issue)]
    for row in _of(db, "comments", issue):
        shown = issue_shapes.comment(repo, number, row)
        found.append((row["created_at"], 0, row["id"], {**shown, "event": "commented", "actor": shown["user"]}))
    for row in _of(db, "reviews", issue):
        if row["state"] != "PENDING":
            shown = pull_shapes.review(repo, number, row)
            found.append((row["submitted_at"], 0, row["id"], {**shown, "event": "reviewed", "state": row["state"].lower()}))
    return answered(paged([entry[3] for entry in sorted(found, key=lambda entry: entry[:3])]))


def _event(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    """The timeline leaves out who assigned, which is the actor anyway."""
    return {name: value for name, value in issue_shapes.event(repo, row).items() if name != "assigner"}


def _of(db: sqlite3.Connection, table: str, issue: sqlite3.Row) -> list[sqlite3.Row]:
    return db.execute(f"select * from {table} where issue_id = ?", (issue["id"],)).fetchall()
