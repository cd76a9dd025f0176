"""What happened to an issue or pull request, in the order in which it happened."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response

from bot.hub import shapes
from bot.hub.web import answered, current, paged, repository

routes = Blueprint("timeline", __name__)


def record(db: sqlite3.Connection, issue_id: int, event: str, actor_id: int | None, at: str, **data: Any) -> None:
    db.execute(
        "insert into events (issue_id, actor_id, event, data, created_at) values (?, ?, ?, ?, ?)",
        (issue_id, actor_id, event, json.dumps(data), at),
    )


@routes.get("/repos/<owner>/<name>/issues/<int:number>/timeline")
@routes.get("/repos/<owner>/<name>/issues/<int:number>/events")
def listed(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue = shapes.issue_row(repo, number)
    rows = current().db.execute("select * from events where issue_id = ? order by id", (issue["id"],)).fetchall()
    return answered([shapes.event(repo, row) for row in paged(rows)])
