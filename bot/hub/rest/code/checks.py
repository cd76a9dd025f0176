"""Check runs and commit statuses: what has been found out about a commit."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.changes import pushes
from bot.hub.changes.checks import finish, put
from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import checks as check_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, node_ids, repositories
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged, paged_query
from bot.hub.webhooks import checks as check_hooks

routes = Blueprint("checks", __name__)


@routes.post("/repos/<owner>/<name>/check-runs")
def make(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "checks", "write")
    body = json_body()
    sha = field(body, "head_sha", str, required=True)
    if git.kind_of(repositories.bare(now.hub, now.db, repo["id"]), sha) != "commit":
        raise Problem(422, f"No commit found for SHA: {sha}")
    assert now.actor.app_id is not None
    output = field(body, "output", dict) or {}
    conclusion = field(body, "conclusion", str)
    row = put(
        now.hub,
        repo,
        sha,
        field(body, "name", str, required=True),
        app_id=now.actor.app_id,
        status="completed" if conclusion else field(body, "status", str) or "queued",
        conclusion=conclusion,
        title=output.get("title"),
        summary=output.get("summary"),
        text=output.get("text"),
        sender_id=now.actor.user_id,
    )
    return created(check_shapes.run(repo, row))


@routes.patch("/repos/<owner>/<name>/check-runs/<int:run_id>")
def change(owner: str, name: str, run_id: int) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "checks", "write")
    row = now.db.execute("select * from check_runs where id = ? and repo_id = ?", (run_id, repo["id"])).fetchone()
    if row is None or row["app_id"] != now.actor.app_id:
        raise not_found()
    body = json_body()
    if conclusion := field(body, "conclusion", str):
        output = field(body, "output", dict) or {}
        words = {key: output.get(key) or "" for key in ("title", "summary", "text")}
        finish(now.hub, row, conclusion, **words, sender_id=now.actor.user_id)
    return answered(check_shapes.run(repo, now.db.execute("select * from check_runs where id = ?", (run_id,)).fetchone()))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-runs")
def on_commit(owner: str, name: str, ref: str) -> Response:
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    sha = git.resolve(repositories.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {ref}")
    rows = now.db.execute("select * from check_runs where repo_id = ? and head_sha = ? order by id desc", (repo["id"], sha)).fetchall()
    if request.args.get("filter", "latest") == "latest":
        rows = list({(row["app_id"], row["name"]): row for row in reversed(rows)}.values())
    if wanted := request.args.get("check_name"):
        rows = [row for row in rows if row["name"] == wanted]
    return answered({"total_count": len(rows), "check_runs": [check_shapes.run(repo, row) for row in paged(rows)]})


def _status(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    base = f"{links.root()}/repos/{repository_shapes.full_name(repo)}/statuses/{row['sha']}"
    kept = ("id", "state", "description", "target_url", "context", "created_at", "updated_at")
    shown = {key: row[key] for key in kept}
    return shown | {
        "url": base,
        "avatar_url": None,
        "node_id": node_ids.encode("StatusContext", row["id"]),
    }


@routes.post("/repos/<owner>/<name>/statuses/<sha>")
def set_status(owner: str, name: str, sha: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "statuses", "write")
    body = json_body()
    state = field(body, "state", str, required=True)
    if state not in ("error", "failure", "pending", "success"):
        raise Problem(422, "Validation Failed", [{"resource": "Status", "field": "state", "code": "invalid"}])
    at = now.hub.now()
    with now.hub.write() as db:
        row = db.execute(
            "insert into statuses (repo_id, sha, context, state, description, target_url, creator_id, created_at, updated_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (
                repo["id"],
                sha,
                field(body, "context", str) or "default",
                state,
                field(body, "description", str),
                field(body, "target_url", str),
                now.actor.user_id,
                at,
                at,
            ),
        ).fetchone()
        check_hooks.status_told(now.hub, row, now.actor.user_id)
    return created(_status(repo, row) | {"creator": account_shapes.user(row["creator_id"])})


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/statuses")
def statuses(owner: str, name: str, ref: str) -> Response:
    """Every one that was ever set, the latest first."""
    repo, now = repository(owner, name), current()
    sha = git.resolve(repositories.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise not_found()
    rows = paged_query("select * from statuses where repo_id = ? and sha = ? order by id desc", (repo["id"], sha))
    return answered([_status(repo, row) | {"creator": account_shapes.user(row["creator_id"])} for row in rows])


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/status")
def combined(owner: str, name: str, ref: str) -> Response:
    repo, now = repository(owner, name), current()
    sha = git.resolve(repositories.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise not_found()
    rows = now.db.execute("select * from statuses where repo_id = ? and sha = ? order by id", (repo["id"], sha)).fetchall()
    latest = list({row["context"]: row for row in rows}.values())
    states = {row["state"] for row in latest}
    state = "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else "success"
    base = f"{links.root()}/repos/{repository_shapes.full_name(repo)}"
    about = {
        "sha": sha,
        "total_count": len(latest),
        "repository": repository_shapes.repository(repo),
        "commit_url": f"{base}/commits/{sha}",
    }
    return answered({"state": state, "statuses": [_status(repo, row) for row in latest], **about, "url": f"{base}/commits/{sha}/status"})
