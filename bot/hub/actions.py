"""A tiny Actions: the `run:` steps of a repository's workflow files, in a sandbox of its own, reported as check runs."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bot.hub import actions_files, actions_runs, checks, git, pull_rows, repo_switches
from bot.hub.hub import Hub

_SECONDS = 300
_LOG = 60_000
_OF_ATTEMPT = "select check_runs.*, job, attempt from workflow_jobs join check_runs on check_runs.id = workflow_jobs.id where workflow_jobs.run_id = ?"


def queue_pull(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, action: str, actor_id: int) -> None:
    queue(hub, db, repo, pull["head_sha"], pull["head_ref"], "pull_request", actor_id, title=pull["title"])


def queue_push(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, sha: str, actor_id: int) -> None:
    if branch == repo["default_branch"]:
        queue(hub, db, repo, sha, branch, "push", actor_id)


def queue(
    hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, sha: str, branch: str, event: str, actor_id: int, *, title: str = ""
) -> None:
    """One run for each workflow that wants the event; its jobs show at once as queued checks, as on GitHub."""
    if not repo_switches.get(db, repo["id"], "actions"):
        return
    for path, workflow in actions_files.workflows(pull_rows.bare(hub, db, repo["id"]), sha):
        if event not in actions_files.triggers(workflow):
            continue
        name = actions_files.name_of(path, workflow)
        known = actions_runs.workflow_row(hub, db, repo["id"], path, name)
        if known["state"] != "active":
            continue
        run = actions_runs.add(hub, db, repo, known, event=event, sha=sha, branch=branch, actor_id=actor_id, title=title or name)
        for job in workflow.get("jobs", {}):
            _add_job(hub, db, repo, run, job, workflow["jobs"][job].get("name", job), 1)


def _add_job(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, run: sqlite3.Row, job: str, name: str, attempt: int) -> None:
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
            actions_runs.become(hub, row["run_id"], actions_runs.Status.IN_PROGRESS)
        _run(hub, row)
        done += 1
    return done


def _run(hub: Hub, row: sqlite3.Row) -> None:
    db = hub.db()
    run = actions_runs.by_id(db, row["run_id"])
    where = pull_rows.bare(hub, db, run["repo_id"])
    path = db.execute("select path from workflows where id = ?", (run["workflow_id"],)).fetchone()["path"]
    workflow = dict(actions_files.workflows(where, row["head_sha"]))[path]
    log, passed = _job(where, row["head_sha"], workflow["jobs"][row["job"]], sandboxed=hub.sandboxed)
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
        actions_runs.become(hub, run["id"], actions_runs.Status.COMPLETED, bad[0] if bad else "success")


def cancel(hub: Hub, run: sqlite3.Row) -> None:
    _, bot = checks.actions_app(hub)
    with hub.write() as db:
        for check in db.execute(f"{_OF_ATTEMPT} and status != 'completed'", (run["id"],)).fetchall():
            checks.finish(hub, check, "cancelled", title=f"{check['name']}: cancelled", summary="", text="", sender_id=bot)
        actions_runs.become(hub, run["id"], actions_runs.Status.COMPLETED, "cancelled")


def rerun(hub: Hub, run: sqlite3.Row) -> None:
    """Every job once more, as the next attempt; a run without jobs waits for its runner again."""
    with hub.write() as db:
        jobs = db.execute(f"{_OF_ATTEMPT} and attempt = ?", (run["id"], run["attempt"])).fetchall()
        attempt = actions_runs.again(hub, run["id"])
        for job in jobs:
            _add_job(hub, db, pull_rows.repository_of(db, run["repo_id"]), run, job["job"], job["name"], attempt)


def _job(where: Path, sha: str, job: dict[str, Any], *, sandboxed: bool) -> tuple[str, bool]:
    log = ""
    with tempfile.TemporaryDirectory(prefix="hub-job-") as place:
        checkout = Path(place) / "work"
        git.check_out(where, sha, checkout)
        for step in job.get("steps", []):
            if "run" not in step:
                log += f"# {step.get('uses', step.get('name', 'step'))}: done by the hub itself\n" if "uses" in step else ""
                continue
            log += f"$ {step['run'].strip()}\n"
            code, output = _step(step["run"], checkout, step.get("env", {}), sandboxed=sandboxed)
            log += output
            if code != 0:
                return f"{log}\nexit status {code}\n", False
    return log, True


def _step(script: str, checkout: Path, env: dict[str, str], *, sandboxed: bool) -> tuple[int, str]:
    command = ["bash", "-eo", "pipefail", "-c", script]
    variables = {"PATH": _path(), "HOME": "/tmp", "CI": "true", "GITHUB_ACTIONS": "true", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    variables |= {key: str(value) for key, value in env.items()}
    if shutil.which("bwrap") and sandboxed:
        command = [*_bubble(checkout), *[part for key, value in variables.items() for part in ("--setenv", key, value)], *command]
        cwd: Path | None = None
    elif sandboxed:
        return 1, "bubblewrap is not installed here, and this hub runs nothing without it\n"
    else:
        cwd = checkout
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"ended after {_SECONDS} s\n"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _path() -> str:
    own = str(Path(os.path.realpath(shutil.which("python3") or "/usr/bin/python3")).parent)
    return f"{own}:/usr/local/bin:/usr/bin:/bin"


def _bubble(checkout: Path) -> list[str]:
    shown = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache") if Path(path).exists()]
    python = Path(os.path.realpath(shutil.which("python3") or "/usr/bin/python3")).parent.parent
    if not python.is_relative_to("/usr"):
        shown.append(str(python))
    binds = [part for path in shown for part in ("--ro-bind", path, path)]
    isolate = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    return ["bwrap", *binds, *isolate, "--bind", str(checkout), "/work", "--chdir", "/work"]
