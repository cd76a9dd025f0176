"""A tiny Actions: the `run:` steps of a repository's workflow files, in a sandbox of its own, reported as check runs."""

import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import yaml
from flask import Blueprint, Response

from bot.hub import checks, git, pull_rows
from bot.hub.hub import Hub
from bot.hub.web import answered, current, not_found, paged, repository

routes = Blueprint("actions", __name__)
_SECONDS = 300
_LOG = 60_000


def queue_pull(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, action: str, actor_id: int) -> None:
    _queue(hub, db, repo, pull["head_sha"], pull["head_ref"], "pull_request")


def queue_push(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, sha: str, actor_id: int) -> None:
    if branch == repo["default_branch"]:
        _queue(hub, db, repo, sha, branch, "push")


def _queue(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, sha: str, branch: str, event: str) -> None:
    """One run for each workflow that wants the event; its jobs show at once as queued checks, as on GitHub."""
    where, at = pull_rows.bare(hub, db, repo["id"]), hub.now()
    for path, workflow in workflows(where, sha):
        if event not in _events(workflow):
            continue
        app_id, bot = checks.actions_app(hub)
        for job in workflow.get("jobs", {}):
            name = workflow["jobs"][job].get("name", job)
            row = checks.put(hub, repo, sha, name, app_id=app_id, status="queued", conclusion=None, sender_id=bot)
            db.execute(
                "insert into workflow_runs (repo_id, head_sha, head_branch, event, workflow, status, created_at, updated_at, check_run_ids)"
                " values (?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
                (repo["id"], sha, branch, event, f"{path}#{job}", at, at, str(row["id"])),
            )


def workflows(where: Path, sha: str) -> list[tuple[str, dict[str, Any]]]:
    listed = git.run(where, "ls-tree", "--name-only", sha, ".github/workflows/")
    found = []
    for path in listed.stdout.decode().splitlines():
        if path.endswith((".yml", ".yaml")):
            try:
                workflow = yaml.safe_load(git.read(where, "blob", f"{sha}:{path}"))
            except yaml.YAMLError:
                continue
            if isinstance(workflow, dict):
                found.append((path, workflow))
    return found


def _events(workflow: dict[Any, Any]) -> set[str]:
    wanted = workflow.get("on", workflow.get(True, ()))  # YAML 1.1 reads a bare `on` as true
    return {wanted} if isinstance(wanted, str) else set(wanted or ())


def run_pending(hub: Hub, limit: int | None = None) -> int:
    """Runs what is queued, oldest first; returns how many jobs ran."""
    done = 0
    while limit is None or done < limit:
        with hub.write() as db:
            row = db.execute("select * from workflow_runs where status = 'queued' order by id limit 1").fetchone()
            if row is None:
                return done
            db.execute("update workflow_runs set status = 'in_progress' where id = ?", (row["id"],))
            db.execute("update check_runs set status = 'in_progress' where id = ?", (int(row["check_run_ids"]),))
        _run(hub, row)
        done += 1
    return done


def _run(hub: Hub, row: sqlite3.Row) -> None:
    db = hub.db()
    where = pull_rows.bare(hub, db, row["repo_id"])
    path, _, job = row["workflow"].partition("#")
    workflow = dict(workflows(where, row["head_sha"]))[path]
    log, passed = _job(where, row["head_sha"], workflow["jobs"][job], sandboxed=hub.sandboxed)
    conclusion = "success" if passed else "failure"
    check = db.execute("select * from check_runs where id = ?", (int(row["check_run_ids"]),)).fetchone()
    _, bot = checks.actions_app(hub)
    last = log.rstrip().splitlines()[-1] if log.strip() else "no output"
    checks.finish(hub, check, conclusion, title=f"{check['name']}: {conclusion}", summary=last[:500], text=log[-_LOG:], sender_id=bot)
    with hub.write() as write:
        write.execute(
            "update workflow_runs set status = 'completed', conclusion = ?, updated_at = ? where id = ?", (conclusion, hub.now(), row["id"])
        )


def _job(where: Path, sha: str, job: dict[str, Any], *, sandboxed: bool) -> tuple[str, bool]:
    log = ""
    with tempfile.TemporaryDirectory(prefix="hub-job-") as place:
        checkout = Path(place) / "work"
        checkout.mkdir()
        with tarfile.open(fileobj=io.BytesIO(git.git(where, "archive", sha))) as archive:
            archive.extractall(checkout, filter="data")
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


@routes.get("/repos/<owner>/<name>/actions/runs")
def runs(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    rows = current().db.execute("select * from workflow_runs where repo_id = ? order by id desc", (repo["id"],)).fetchall()
    kept = ("id", "head_sha", "head_branch", "event", "status", "conclusion", "created_at", "updated_at")
    return answered({"total_count": len(rows), "workflow_runs": [{key: row[key] for key in kept} for row in paged(rows)]})


@routes.get("/repos/<owner>/<name>/actions/jobs/<int:job_id>/logs")
def logs(owner: str, name: str, job_id: int) -> Response:
    repo = repository(owner, name)
    row = current().db.execute("select text from check_runs where id = ? and repo_id = ?", (job_id, repo["id"])).fetchone()
    if row is None:
        raise not_found()
    return Response(row["text"] or "", mimetype="text/plain; charset=utf-8")
