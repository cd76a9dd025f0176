"""Check runs as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.shapes.apps import app
from bot.hub.shapes.commits import short_commit
from bot.hub.store import git, node_ids, repositories
from bot.hub.store.hub import Hub
from bot.hub.web.context import current


def run(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name = repository_shapes.full_name(repo)
    base = f"{links.root()}/repos/{name}/check-runs/{row['id']}"
    of = current().db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    return {
        "id": row["id"],
        "node_id": node_ids.encode("CheckRun", row["id"]),
        "head_sha": row["head_sha"],
        "external_id": row["external_id"] or "",
        "url": base,
        "html_url": f"{links.web()}/{name}/runs/{row['id']}",
        "details_url": row["details_url"] or f"{links.web()}/{name}/runs/{row['id']}",
        "status": row["status"],
        "conclusion": row["conclusion"],
        "started_at": row["started_at"],
        "completed_at": row["completed_at"],
        "output": {
            "title": row["title"], "summary": row["summary"], "text": row["text"], "annotations_count": 0, "annotations_url": f"{base}/annotations"
        },
        "name": row["name"],
        "check_suite": {"id": row["suite_id"]},
        "app": app(of) if of else None,
        "pull_requests": [],
    }  # fmt: skip


def suite(db: sqlite3.Connection, repo: sqlite3.Row, row: sqlite3.Row, run: sqlite3.Row | None) -> dict[str, Any]:
    """`run` is the one that speaks for all of it."""
    pull = db.execute(
        "select head_ref, base_sha from pulls join issues on issues.id = issue_id where repo_id = ? and head_sha = ?",
        (repo["id"], row["head_sha"]),
    ).fetchone()
    return {
        "id": row["id"],
        "node_id": node_ids.encode("CheckSuite", row["id"]),
        "head_branch": pull["head_ref"] if pull else None,
        "head_sha": row["head_sha"],
        "status": run["status"] if run else "queued",
        "conclusion": run["conclusion"] if run else None,
        "url": f"{links.root()}/repos/{repository_shapes.full_name(repo)}/check-suites/{row['id']}",
        "before": pull["base_sha"] if pull else None,
        "after": row["head_sha"],
        "pull_requests": [],
        "created_at": row["created_at"],
        "updated_at": run["completed_at"] or run["started_at"] if run else row["created_at"],
    }


def whole_suite(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, suite: sqlite3.Row) -> dict[str, Any]:
    count = db.execute("select count(distinct name) from check_runs where suite_id = ?", (suite["id"],)).fetchone()[0]
    commit = git.commit(repositories.bare(hub, db, repo["id"]), suite["head_sha"])
    return {
        "latest_check_runs_count": count,
        "check_runs_url": f"{links.root()}/repos/{repository_shapes.full_name(repo)}/check-suites/{suite['id']}/check-runs",
        "head_commit": short_commit(commit) if commit else None,
    }
