"""What webhooks tell about check runs, check suites and commit statuses.

https://docs.github.com/webhooks/webhook-events-and-payloads#check_run
"""

import sqlite3

from bot.hub.shapes import checks as check_shapes
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, repositories
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries

_MOST_BRANCHES = 10


def told(hub: Hub, run_id: int, action: str, sender_id: int) -> None:
    """A run that is completed completes its suite too: suites of several runs are not waited for here."""
    db = hub.db()
    row = db.execute("select * from check_runs where id = ?", (run_id,)).fetchone()
    repo_id = row["repo_id"]
    if not (deliveries.wanted(db, repo_id, "check_run") or deliveries.wanted(db, repo_id, "check_suite")):
        return
    repo = repositories.repository_of(db, repo_id)
    suite = db.execute("select * from check_suites where id = ?", (row["suite_id"],)).fetchone()
    with deliveries.speaking(hub):
        of_run = check_shapes.run(repo, row)
        app = of_run["app"] or {}
        of_suite = {
            **check_shapes.suite(db, repo, suite, row),
            "app": {name: value for name, value in app.items() if name != "installations_count"},
        }
        whole = {**of_suite, **check_shapes.whole_suite(hub, db, repo, suite)}
    deliveries.emit(hub, "check_run", action, repo_id, {"check_run": of_run | {"check_suite": of_suite}}, sender_id)
    if action == "completed":
        deliveries.emit(hub, "check_suite", "completed", repo_id, {"check_suite": whole | {"status": "completed"}}, sender_id)


def status_told(hub: Hub, row: sqlite3.Row, sender_id: int) -> None:
    db = hub.db()
    if not deliveries.wanted(db, row["repo_id"], "status"):
        return
    repo = repositories.repository_of(db, row["repo_id"])
    bare = repositories.bare(hub, db, repo["id"])
    commit = git.commit(bare, row["sha"])
    if commit is None:
        return  # GitHub refuses such a status
    heads = ["--format=%(refname:lstrip=2) %(objectname)", f"--contains={row['sha']}", f"--count={_MOST_BRANCHES}", "refs/heads/"]
    on = [line.rsplit(" ", 1) for line in git.git(bare, "for-each-ref", *heads).decode().splitlines()]
    kept = ("id", "sha", "state", "context", "description", "target_url", "created_at", "updated_at")
    with deliveries.speaking(hub):
        payload = {key: row[key] for key in kept} | {
            "name": repository_shapes.full_name(repo),
            "avatar_url": None,
            "commit": commit_shapes.commit(repo, commit),
            "branches": [
                {
                    "name": name,
                    "protected": False,
                    "commit": {"sha": tip, "url": f"{links.root()}/repos/{repository_shapes.full_name(repo)}/commits/{tip}"},
                }
                for name, tip in on
            ],
        }
    deliveries.emit(hub, "status", None, row["repo_id"], payload, sender_id)
