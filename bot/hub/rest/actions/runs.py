"""Runs of workflows and their jobs over REST.

https://docs.github.com/rest/actions/workflow-runs and https://docs.github.com/rest/actions/workflow-jobs
"""

import sqlite3

from flask import Blueprint, Response, request

from bot.hub.actions import jobs as action_jobs
from bot.hub.actions import runs as action_runs
from bot.hub.rest.actions import workflows
from bot.hub.shapes import workflows as workflow_shapes
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import moment
from bot.hub.web.paging import paged

routes = Blueprint("actions_rest", __name__)
_ACTIONS = "/repos/<owner>/<name>/actions"
_RUN = f"{_ACTIONS}/runs/<int:run_id>"
_JOBS = (
    "select check_runs.*, run_id, attempt from workflow_jobs join check_runs on check_runs.id = workflow_jobs.id"
    " where check_runs.repo_id = ? and {} order by check_runs.id"
)


def _found(owner: str, name: str, run_id: int, level: str = "read") -> tuple[sqlite3.Row, sqlite3.Row]:
    repo = repository(owner, name)
    require(repo, "actions", level)
    row = current().db.execute("select * from workflow_runs where id = ? and repo_id = ?", (run_id, repo["id"])).fetchone()
    if row is None:
        raise not_found()
    return repo, row


@routes.get(f"{_ACTIONS}/runs")
def runs(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    return _listed(repo, "repo_id = ?", repo["id"])


@routes.get(f"{_ACTIONS}/workflows/<workflow>/runs")
def of_workflow(owner: str, name: str, workflow: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    return _listed(repo, "workflow_id = ?", workflows.asked(repo, workflow)["id"])


def _listed(repo: sqlite3.Row, clause: str, key: int) -> Response:
    """Newest first. `status` asks for a conclusion as well as for a status, as at GitHub."""
    where: list[str] = [clause]
    given: list[str | int] = [key]
    columns = {"branch": "head_branch", "event": "event", "head_sha": "head_sha", "check_suite_id": "suite_id"}
    for name, column in columns.items():
        if value := request.args.get(name):
            where.append(f"{column} = ?")
            given.append(value)
    if status := request.args.get("status"):
        where.append("? in (status, coalesce(conclusion, ''))")
        given.append(status)
    if actor := request.args.get("actor"):
        where.append("actor_id = (select id from users where login = ?)")
        given.append(actor)
    if created := request.args.get("created"):
        sign = next((sign for sign in (">=", "<=", ">", "<") if created.startswith(sign)), "=")
        where.append(f"created_at {sign} ?")
        given.append(moment(created.removeprefix(sign), "created"))
    rows = current().db.execute(f"select * from workflow_runs where {' and '.join(where)} order by id desc", given).fetchall()
    return answered({"total_count": len(rows), "workflow_runs": [workflow_shapes.run(repo, row) for row in paged(rows)]})


@routes.get(_RUN)
def one(owner: str, name: str, run_id: int) -> Response:
    return answered(workflow_shapes.run(*_found(owner, name, run_id)))


@routes.delete(_RUN)
def delete(owner: str, name: str, run_id: int) -> Response:
    _, row = _found(owner, name, run_id, "write")
    if row["status"] != "completed":
        raise Problem(403, "Could not delete the workflow run")
    with current().hub.write() as db:
        db.execute("delete from workflow_jobs where run_id = ?", (run_id,))
        db.execute("delete from workflow_attempts where run_id = ?", (run_id,))
        db.execute("delete from workflow_runs where id = ?", (run_id,))
    return nothing()


@routes.get(f"{_RUN}/attempts/<int:attempt>")
def one_attempt(owner: str, name: str, run_id: int, attempt: int) -> Response:
    repo, row = _found(owner, name, run_id)
    return answered(workflow_shapes.run(repo, row, _earlier(row, attempt)))


def _earlier(row: sqlite3.Row, attempt: int) -> sqlite3.Row | None:
    """An attempt before the present one; None is the present one."""
    if attempt == row["attempt"]:
        return None
    asked = "select * from workflow_attempts where run_id = ? and attempt = ?"
    earlier: sqlite3.Row | None = current().db.execute(asked, (row["id"], attempt)).fetchone()
    if earlier is None:
        raise not_found()
    return earlier


@routes.get(f"{_RUN}/jobs")
def jobs(owner: str, name: str, run_id: int) -> Response:
    repo, row = _found(owner, name, run_id)
    rows = current().db.execute(_JOBS.format("run_id = ?"), (repo["id"], run_id)).fetchall()
    if request.args.get("filter", "latest") == "latest":
        rows = [job for job in rows if job["attempt"] == row["attempt"]]
    return answered({"total_count": len(rows), "jobs": [workflow_shapes.job(repo, row, job) for job in paged(rows)]})


@routes.get(f"{_RUN}/attempts/<int:attempt>/jobs")
def jobs_of_attempt(owner: str, name: str, run_id: int, attempt: int) -> Response:
    repo, row = _found(owner, name, run_id)
    _earlier(row, attempt)
    rows = current().db.execute(_JOBS.format("run_id = ? and attempt = ?"), (repo["id"], run_id, attempt)).fetchall()
    return answered({"total_count": len(rows), "jobs": [workflow_shapes.job(repo, row, job) for job in paged(rows)]})


@routes.get(f"{_ACTIONS}/jobs/<int:job_id>")
def job(owner: str, name: str, job_id: int) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    row = current().db.execute(_JOBS.format("check_runs.id = ?"), (repo["id"], job_id)).fetchone()
    if row is None:
        raise not_found()
    return answered(workflow_shapes.job(repo, action_runs.by_id(current().db, row["run_id"]), row))


@routes.get(f"{_ACTIONS}/jobs/<int:job_id>/logs")
def logs(owner: str, name: str, job_id: int) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    row = current().db.execute("select text from check_runs where id = ? and repo_id = ?", (job_id, repo["id"])).fetchone()
    if row is None:
        raise not_found()
    return Response(row["text"] or "", mimetype="text/plain; charset=utf-8")


@routes.post(f"{_RUN}/cancel")
@routes.post(f"{_RUN}/force-cancel")
def cancel(owner: str, name: str, run_id: int) -> Response:
    _, row = _found(owner, name, run_id, "write")
    if row["status"] == "completed":
        raise Problem(409, "Cannot cancel a workflow run that is completed.")
    action_jobs.cancel(current().hub, row)
    return answered({}, 202)


@routes.post(f"{_RUN}/rerun")
def rerun(owner: str, name: str, run_id: int) -> Response:
    _, row = _found(owner, name, run_id, "write")
    if row["status"] != "completed":
        raise Problem(403, "This workflow is already running")
    action_jobs.rerun(current().hub, row)
    return answered({}, 201)
