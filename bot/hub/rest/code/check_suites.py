"""Check suites: what one app has found out about a commit, taken together.

https://docs.github.com/rest/checks/suites
"""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.changes import pushes
from bot.hub.shapes import apps
from bot.hub.shapes import checks as check_shapes
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, repositories
from bot.hub.web.access import repository
from bot.hub.web.answers import Problem, answered, not_found
from bot.hub.web.context import current
from bot.hub.web.paging import paged

routes = Blueprint("check_suites", __name__)
_FINE = ("success", "neutral", "skipped")


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-suites")
def on_commit(owner: str, name: str, ref: str) -> Response:
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    sha = git.resolve(repositories.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {ref}")
    rows = now.db.execute("select * from check_suites where repo_id = ? and head_sha = ? order by id", (repo["id"], sha)).fetchall()
    shown = [_suite(repo, row) for row in rows if request.args.get("app_id") in (None, str(row["app_id"]))]
    if wanted := request.args.get("check_name"):
        shown = [one for one in shown if any(run["name"] == wanted for run in _runs_of(one["id"]))]
    return answered({"total_count": len(shown), "check_suites": paged(shown)})


@routes.get("/repos/<owner>/<name>/check-suites/<int:suite_id>")
def one(owner: str, name: str, suite_id: int) -> Response:
    repo = repository(owner, name)
    return answered(_suite(repo, _suite_row(repo, suite_id)))


@routes.get("/repos/<owner>/<name>/check-suites/<int:suite_id>/check-runs")
def runs(owner: str, name: str, suite_id: int) -> Response:
    repo = repository(owner, name)
    rows = _runs_of(_suite_row(repo, suite_id)["id"])
    return answered({"total_count": len(rows), "check_runs": [check_shapes.run(repo, row) for row in paged(rows)]})


def _suite_row(repo: sqlite3.Row, suite_id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from check_suites where id = ? and repo_id = ?", (suite_id, repo["id"])).fetchone()
    )
    if row is None:
        raise not_found()
    return row


def _runs_of(suite_id: int) -> list[sqlite3.Row]:
    """Of each name the latest."""
    rows = current().db.execute("select * from check_runs where suite_id = ? order by id", (suite_id,)).fetchall()
    return sorted({row["name"]: row for row in rows}.values(), key=lambda row: -row["id"])


def _suite(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    now, found = current(), _runs_of(row["id"])
    waiting = [run for run in found if run["status"] != "completed"]
    wrong = [run for run in found if run["conclusion"] not in _FINE]
    shown = check_shapes.suite(now.db, repo, row, next(iter([*waiting, *wrong, *found]), None))
    app = now.db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    return {
        **shown,
        **check_shapes.whole_suite(now.hub, now.db, repo, row),
        "app": apps.app(app) if app else None,
        "repository": repository_shapes.repository(repo),
    }
