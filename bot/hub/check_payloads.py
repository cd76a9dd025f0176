"""What webhooks tell about check runs, check suites and commit statuses.

https://docs.github.com/webhooks/webhook-events-and-payloads#check_run
"""

import sqlite3
from typing import Any

from bot.hub import git, node_ids, pull_rows, shapes, shapes_checks, shapes_git, webhooks
from bot.hub.hub import Hub

_MOST_BRANCHES = 10


def told(hub: Hub, run_id: int, action: str, sender_id: int) -> None:
    """A run that is completed completes its suite too: suites of several runs are not waited for here."""
    db = hub.db()
    row = db.execute("select * from check_runs where id = ?", (run_id,)).fetchone()
    repo_id = row["repo_id"]
    if not (webhooks.wanted(db, repo_id, "check_run") or webhooks.wanted(db, repo_id, "check_suite")):
        return
    repo = pull_rows.repository_of(db, repo_id)
    suite = db.execute("select * from check_suites where id = ?", (row["suite_id"],)).fetchone()
    with webhooks.speaking(hub):
        of_run = shapes_checks.run(repo, row)
        app = of_run["app"] or {}
        of_suite = {**_suite(db, repo, suite, row), "app": {name: value for name, value in app.items() if name != "installations_count"}}
        whole = {**of_suite, **_whole(hub, db, repo, suite)}
    webhooks.emit(hub, "check_run", action, repo_id, {"check_run": of_run | {"check_suite": of_suite}}, sender_id)
    if action == "completed":
        webhooks.emit(hub, "check_suite", "completed", repo_id, {"check_suite": whole | {"status": "completed"}}, sender_id)


def _suite(db: sqlite3.Connection, repo: sqlite3.Row, suite: sqlite3.Row, run: sqlite3.Row) -> dict[str, Any]:
    pull = db.execute(
        "select head_ref, base_sha from pulls join issues on issues.id = issue_id where repo_id = ? and head_sha = ?",
        (repo["id"], suite["head_sha"]),
    ).fetchone()
    return {
        "id": suite["id"],
        "node_id": node_ids.encode("CheckSuite", suite["id"]),
        "head_branch": pull["head_ref"] if pull else None,
        "head_sha": suite["head_sha"],
        "status": run["status"],
        "conclusion": run["conclusion"],
        "url": f"{shapes.root()}/repos/{shapes.full_name(repo)}/check-suites/{suite['id']}",
        "before": pull["base_sha"] if pull else None,
        "after": suite["head_sha"],
        "pull_requests": [],
        "created_at": suite["created_at"],
        "updated_at": run["completed_at"] or run["started_at"],
    }


def _whole(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, suite: sqlite3.Row) -> dict[str, Any]:
    count = db.execute("select count(distinct name) from check_runs where suite_id = ?", (suite["id"],)).fetchone()[0]
    commit = git.commit(pull_rows.bare(hub, db, repo["id"]), suite["head_sha"])
    return {
        "latest_check_runs_count": count,
        "check_runs_url": f"{shapes.root()}/repos/{shapes.full_name(repo)}/check-suites/{suite['id']}/check-runs",
        "head_commit": shapes_git.short_commit(commit) if commit else None,
    }


def status_told(hub: Hub, row: sqlite3.Row, sender_id: int) -> None:
    db = hub.db()
    if not webhooks.wanted(db, row["repo_id"], "status"):
        return
    repo = pull_rows.repository_of(db, row["repo_id"])
    bare = pull_rows.bare(hub, db, repo["id"])
    commit = git.commit(bare, row["sha"])
    if commit is None:
        return  # GitHub refuses such a status
    heads = ["--format=%(refname:lstrip=2) %(objectname)", f"--contains={row['sha']}", f"--count={_MOST_BRANCHES}", "refs/heads/"]
    on = [line.rsplit(" ", 1) for line in git.git(bare, "for-each-ref", *heads).decode().splitlines()]
    kept = ("id", "sha", "state", "context", "description", "target_url", "created_at", "updated_at")
    with webhooks.speaking(hub):
        payload = {key: row[key] for key in kept} | {
            "name": shapes.full_name(repo),
            "avatar_url": None,
            "commit": shapes_git.commit(repo, commit),
            "branches": [
                {
                    "name": name,
                    "protected": False,
                    "commit": {"sha": tip, "url": f"{shapes.root()}/repos/{shapes.full_name(repo)}/commits/{tip}"},
                }
                for name, tip in on
            ],
        }
    webhooks.emit(hub, "status", None, row["repo_id"], payload, sender_id)
