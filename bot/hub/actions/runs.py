"""Runs of workflows: how one begins, changes and ends, and what hooks are told of it.

https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_run
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.hub.actions.workflow_files import FOLDER
from bot.hub.changes import checks
from bot.hub.store import git, repositories
from bot.hub.store.hub import Hub
from bot.hub.store.repositories import repository_named
from bot.hub.webhooks import workflow_runs as workflow_run_hooks


class Status(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


_TOLD = {Status.QUEUED: "requested", Status.IN_PROGRESS: "in_progress", Status.COMPLETED: "completed"}


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """A run that was asked for by `workflow_dispatch` and that no runner has taken yet."""

    run_id: int
    workflow: str
    ref: str
    inputs: Mapping[str, str]


def workflow_row(hub: Hub, db: sqlite3.Connection, repo_id: int, path: str, name: str) -> sqlite3.Row:
    """The workflow by its path, taken note of when it is first seen; inside a write."""
    at = hub.now()
    db.execute(
        "insert into workflows (repo_id, path, name, created_at, updated_at) values (?, ?, ?, ?, ?)"
        " on conflict (repo_id, path) do update set name = excluded.name",
        (repo_id, path, name, at, at),
    )
    row: sqlite3.Row = db.execute("select * from workflows where repo_id = ? and path = ?", (repo_id, path)).fetchone()
    return row


def add(
    hub: Hub,
    db: sqlite3.Connection,
    repo: sqlite3.Row,
    workflow: sqlite3.Row,
    *,
    event: str,
    sha: str,
    branch: str,
    actor_id: int,
    title: str,
    inputs: Mapping[str, str] | None = None,
) -> sqlite3.Row:
    """A new run, queued; inside a write."""
    at, (app_id, _) = hub.now(), checks.actions_app(hub)
    suite = checks.suite(hub, db, repo["id"], app_id, sha)
    number = db.execute("select count(*) from workflow_runs where workflow_id = ?", (workflow["id"],)).fetchone()[0] + 1
    row: sqlite3.Row = db.execute(
        "insert into workflow_runs (repo_id, workflow_id, suite_id, name, title, event, head_sha, head_branch, status, actor_id, run_number,"
        " inputs, created_at, started_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?) returning *",
        (
            repo["id"], workflow["id"], suite, workflow["name"], title, event, sha, branch, actor_id, number,
            json.dumps(dict(inputs or {})), at, at, at,
        ),
    ).fetchone()  # fmt: skip
    _tell(hub, db, row)
    return row


def by_id(db: sqlite3.Connection, run_id: int) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("select * from workflow_runs where id = ?", (run_id,)).fetchone()
    return row


def become(hub: Hub, run_id: int, status: Status, conclusion: str | None = None) -> None:
    """Changes a run and tells of it; what it is already is told to nobody."""
    with hub.write() as db:
        row = by_id(db, run_id)
        if (row["status"], row["conclusion"]) == (status, conclusion):
            return
        db.execute(
            "update workflow_runs set status = ?, conclusion = ?, updated_at = ? where id = ?", (status, conclusion, hub.now(), run_id)
        )
        _tell(hub, db, by_id(db, run_id))


def again(hub: Hub, run_id: int) -> int:
    """Queues the next attempt of a run that is over, and keeps what the last one came to. Returns the attempt's number."""
    with hub.write() as db:
        row, at = by_id(db, run_id), hub.now()
        db.execute(
            "insert into workflow_attempts (run_id, attempt, conclusion, started_at, updated_at) values (?, ?, ?, ?, ?)",
            (run_id, row["attempt"], row["conclusion"], row["started_at"], row["updated_at"]),
        )
        db.execute(
            "update workflow_runs set status = 'queued', conclusion = null, attempt = attempt + 1, started_at = ?, updated_at = ? where id = ?",
            (at, at, run_id),
        )
        _tell(hub, db, by_id(db, run_id))
    return int(row["attempt"]) + 1


def _tell(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> None:
    workflow_run_hooks.tell(hub, db, row, _TOLD[Status(row["status"])])


def make_run(
    hub: Hub, full_name: str, workflow: str, *, event: str, branch: str | None = None, inputs: Mapping[str, str] | None = None
) -> int:
    """A run that a runner outside the hub plays, of a workflow file by its name, at a branch's tip. Returns the run's id."""
    repo = repository_named(hub.db(), full_name)
    where, branch = repositories.bare(hub, hub.db(), repo["id"]), branch or str(repo["default_branch"])
    sha = git.resolve(where, f"refs/heads/{branch}")
    if sha is None:
        raise ValueError(f"{full_name} has no branch {branch} on which a workflow could run")
    with hub.write() as db:
        row = workflow_row(hub, db, repo["id"], f"{FOLDER}{workflow}", workflow)
        made = add(hub, db, repo, row, event=event, sha=sha, branch=branch, actor_id=repo["owner_id"], title=workflow, inputs=inputs)
    return int(made["id"])


def set_run(hub: Hub, full_name: str, run_id: int, *, status: str, conclusion: str | None = None) -> None:
    """What a runner outside the hub reports. A conclusion goes with `completed` and with nothing else."""
    repo, now = repository_named(hub.db(), full_name), Status(status)
    if (now is Status.COMPLETED) != (conclusion is not None):
        raise ValueError(f"{status} and the conclusion {conclusion} do not go together: only a completed run has one")
    if hub.db().execute("select 1 from workflow_runs where id = ? and repo_id = ?", (run_id, repo["id"])).fetchone() is None:
        raise ValueError(f"{full_name} has no run {run_id}")
    become(hub, run_id, now, conclusion)


def untaken(hub: Hub, full_name: str) -> Sequence[Dispatch]:
    """What waits for a runner outside the hub, oldest first; `set_run` to in_progress takes it."""
    rows = hub.db().execute(
        "select workflow_runs.*, path from workflow_runs join workflows on workflows.id = workflow_id"
        " where workflow_runs.repo_id = ? and event = 'workflow_dispatch' and status = 'queued' order by workflow_runs.id",
        (repository_named(hub.db(), full_name)["id"],),
    )
    return [
        Dispatch(run_id=row["id"], workflow=row["path"].rpartition("/")[2], ref=row["head_branch"], inputs=json.loads(row["inputs"]))
        for row in rows
    ]
