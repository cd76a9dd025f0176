"""Workflows, their runs and their jobs as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, node_ids, repositories
from bot.hub.web.context import current


def workflow(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name, file = repository_shapes.full_name(repo), row["path"].rpartition("/")[2]
    return {
        "id": row["id"], "node_id": node_ids.encode("Workflow", row["id"]), "name": row["name"], "path": row["path"], "state": row["state"],
        "created_at": row["created_at"], "updated_at": row["updated_at"], "url": f"{links.root()}/repos/{name}/actions/workflows/{row['id']}",
        "html_url": f"{links.web()}/{name}/blob/{repo['default_branch']}/{row['path']}",
        "badge_url": f"{links.web()}/{name}/actions/workflows/{file}/badge.svg",
    }  # fmt: skip


def run(repo: sqlite3.Row, row: sqlite3.Row, earlier: sqlite3.Row | None = None) -> dict[str, Any]:
    """A run as it stands, or one of its earlier attempts, which are all over."""
    now, name = current(), repository_shapes.full_name(repo)
    about = earlier if earlier is not None else row
    attempt, path = about["attempt"], _path(row)
    actions = f"{links.root()}/repos/{name}/actions"
    base = f"{actions}/runs/{row['id']}"
    whose, actor = _short(repository_shapes.repository(repo)), account_shapes.user(row["actor_id"])
    head = git.commit(repositories.bare(now.hub, now.db, repo["id"]), row["head_sha"])
    person = {"author": head.author, "committer": head.committer} if head else {}
    return {
        "id": row["id"], "name": row["name"], "node_id": node_ids.encode("WorkflowRun", row["id"]), "head_branch": row["head_branch"],
        "head_sha": row["head_sha"], "path": path, "display_title": row["title"], "run_number": row["run_number"], "run_attempt": attempt,
        "event": row["event"], "status": "completed" if earlier is not None else row["status"], "conclusion": about["conclusion"],
        "workflow_id": row["workflow_id"], "check_suite_id": row["suite_id"],
        "check_suite_node_id": node_ids.encode("CheckSuite", row["suite_id"]), "url": base,
        "html_url": f"{links.web()}/{name}/actions/runs/{row['id']}", "pull_requests": [], "created_at": row["created_at"],
        "updated_at": about["updated_at"], "actor": actor, "triggering_actor": actor, "run_started_at": about["started_at"],
        "referenced_workflows": [],
        "check_suite_url": f"{links.root()}/repos/{name}/check-suites/{row['suite_id']}",
        **{f"{what}_url": f"{base}/{what}" for what in ("jobs", "logs", "artifacts", "cancel", "rerun")},
        "previous_attempt_url": f"{base}/attempts/{attempt - 1}" if attempt > 1 else None,
        "workflow_url": f"{actions}/workflows/{row['workflow_id']}", "repository": whose, "head_repository": whose,
        "head_commit": {
            "id": head.sha, "tree_id": head.tree, "message": head.message, "timestamp": head.committer.date,
            **{role: {"name": one.name, "email": one.email} for role, one in person.items()},
        } if head else None,
    }  # fmt: skip


_LONG = ("git_url", "ssh_url", "clone_url", "svn_url", "mirror_url")


def _short(repository: dict[str, Any]) -> dict[str, Any]:
    """A repository as it stands inside of a run: its names and its addresses in the API."""
    kept = ("id", "node_id", "name", "full_name", "private", "owner", "description", "fork", "url")
    return {key: value for key, value in repository.items() if key in kept or (key.endswith("_url") and key not in _LONG)}


def _path(row: sqlite3.Row) -> str:
    return str(current().db.execute("select path from workflows where id = ?", (row["workflow_id"],)).fetchone()["path"])


def job(repo: sqlite3.Row, owner: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    """A job of the run `owner`: its id is that of the check run under which it reports."""
    name = repository_shapes.full_name(repo)
    base = f"{links.root()}/repos/{name}"
    began = row["status"] != "queued"
    return {
        "id": row["id"], "run_id": owner["id"], "workflow_name": owner["name"], "head_branch": owner["head_branch"],
        "run_url": f"{base}/actions/runs/{owner['id']}", "run_attempt": row["attempt"], "node_id": node_ids.encode("CheckRun", row["id"]),
        "head_sha": row["head_sha"], "url": f"{base}/actions/jobs/{row['id']}", "html_url": f"{links.web()}/{name}/runs/{row['id']}",
        "status": row["status"], "conclusion": row["conclusion"], "created_at": owner["started_at"], "started_at": row["started_at"],
        "completed_at": row["completed_at"], "name": row["name"], "steps": [], "check_run_url": f"{base}/check-runs/{row['id']}",
        "labels": ["ubuntu-latest"], "runner_id": 1 if began else None, "runner_name": "hub" if began else None,
        "runner_group_id": 1 if began else None, "runner_group_name": "Default" if began else None,
    }  # fmt: skip
