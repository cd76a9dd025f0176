"""Jobs of runs: queued, played, cancelled and run again, and reported as check runs."""

import sqlite3

from bot.hub.actions import runs, sandbox, workflow_files
from bot.hub.changes import checks
from bot.hub.store import pull_rows, repositories
from bot.hub.store.hub import Hub

_LOG = 60_000
_OF_ATTEMPT = "select check_runs.*, job, attempt from workflow_jobs join check_runs on check_runs.id = workflow_jobs.id where workflow_jobs.run_id = ?"


def add(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, run: sqlite3.Row, job: str, name: str, attempt: int) -> None:
    app_id, bot = checks.actions_app(hub)
    row = checks.put(hub, repo, run["head_sha"], name, app_id=app_id, status="queued", conclusion=None, sender_id=bot)
    db.execute("insert into workflow_jobs (id, run_id, job, attempt) values (?, ?, ?, ?)", (row["id"], run["id"], job, attempt))


def run_pending(hub: Hub, limit: int | None = None) -> int:
    """Runs what is queued, oldest first; returns how many jobs ran. What is dispatched waits for a runner outside the hub."""
    done = 0
    while limit is None or done < limit:
        with hub.write() as db:
            row = db.execute(
                "select workflow_jobs.*, check_runs.head_sha from workflow_jobs join check_runs on check_runs.id = workflow_jobs.id"
                " where check_runs.status = 'queued' order by workflow_jobs.id limit 1"
            ).fetchone()
            if row is None:
                return done
            db.execute("update check_runs set status = 'in_progress', started_at = ? where id = ?", (hub.now(), row["id"]))
            runs.become(hub, row["run_id"], runs.Status.IN_PROGRESS)
        _run(hub, row)
        done += 1
    return done


def _run(hub: Hub, row: sqlite3.Row) -> None:
    db = hub.db()
    run = runs.by_id(db, row["run_id"])
    where = repositories.bare(hub, db, run["repo_id"])
    path = db.execute("select path from workflows where id = ?", (run["workflow_id"],)).fetchone()["path"]
    workflow = dict(workflow_files.workflows(where, row["head_sha"]))[path]
    log, passed = sandbox.play(where, row["head_sha"], workflow["jobs"][row["job"]], sandboxed=hub.sandboxed)
    conclusion = "success" if passed else "failure"
    _, bot = checks.actions_app(hub)
    last = log.rstrip().splitlines()[-1] if log.strip() else "no output"
    with hub.write() as write:
        check = write.execute("select * from check_runs where id = ?", (row["id"],)).fetchone()
        if check["status"] == "completed":
            return  # cancelled meanwhile
        checks.finish(hub, check, conclusion, title=f"{check['name']}: {conclusion}", summary=last[:500], text=log[-_LOG:], sender_id=bot)
        _end(hub, write, run)


def _end(hub: Hub, db: sqlite3.Connection, run: sqlite3.Row) -> None:
    """A run is over with its last job."""
    jobs = db.execute(f"{_OF_ATTEMPT} and attempt = ?", (run["id"], run["attempt"])).fetchall()
    if all(job["status"] == "completed" for job in jobs):
        bad = [job["conclusion"] for job in jobs if job["conclusion"] not in pull_rows.GOOD]
        runs.become(hub, run["id"], runs.Status.COMPLETED, bad[0] if bad else "success")


def cancel(hub: Hub, run: sqlite3.Row) -> None:
    _, bot = checks.actions_app(hub)
    with hub.write() as db:
        for check in db.execute(f"{_OF_ATTEMPT} and status != 'completed'", (run["id"],)).fetchall():
            checks.finish(hub, check, "cancelled", title=f"{check['name']}: cancelled", summary="", text="", sender_id=bot)
        runs.become(hub, run["id"], runs.Status.COMPLETED, "cancelled")


def rerun(hub: Hub, run: sqlite3.Row) -> None:
    """Every job once more, as the next attempt; a run without jobs waits for its runner again."""
    with hub.write() as db:
        jobs = db.execute(f"{_OF_ATTEMPT} and attempt = ?", (run["id"], run["attempt"])).fetchall()
        attempt = runs.again(hub, run["id"])
        for job in jobs:
            add(hub, db, repositories.repository_of(db, run["repo_id"]), run, job["job"], job["name"], attempt)
