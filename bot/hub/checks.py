"""Check runs and commit statuses: what has been found out about a commit."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub import check_payloads, git, node_ids, pull_rows, pushes, shapes, shapes_checks
from bot.hub.hub import Hub
from bot.hub.web import Problem, answered, created, current, field, find_repository, json_body, not_found, paged, repository, require

routes = Blueprint("checks", __name__)


@routes.post("/repos/<owner>/<name>/check-runs")
def make(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "checks", "write")
    body = json_body()
    sha = field(body, "head_sha", str, required=True)
    if git.kind_of(pull_rows.bare(now.hub, now.db, repo["id"]), sha) != "commit":
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
    return created(shapes_checks.run(repo, row))


def put(
    hub: Hub,
    repo: sqlite3.Row,
    sha: str,
    name: str,
    *,
    app_id: int,
    status: str,
    conclusion: str | None,
    title: str | None = None,
    summary: str | None = None,
    text: str | None = None,
    sender_id: int,
) -> sqlite3.Row:
    at = hub.now()
    with hub.write() as db:
        suite_id = suite(hub, db, repo["id"], app_id, sha)
        row: sqlite3.Row = db.execute(
            "insert into check_runs (repo_id, suite_id, app_id, head_sha, name, status, conclusion, started_at, completed_at, title, summary, text)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (repo["id"], suite_id, app_id, sha, name, status, conclusion, at, at if conclusion else None, title, summary, text),
        ).fetchone()
        check_payloads.told(hub, row["id"], "completed" if conclusion else "created", sender_id)
    return row


def suite(hub: Hub, db: sqlite3.Connection, repo_id: int, app_id: int, sha: str) -> int:
    """An app's one suite on a commit, made when it is first needed; inside a write."""
    named = (repo_id, app_id, sha)
    db.execute("insert or ignore into check_suites (repo_id, app_id, head_sha, created_at) values (?, ?, ?, ?)", (*named, hub.now()))
    return int(db.execute("select id from check_suites where repo_id = ? and app_id = ? and head_sha = ?", named).fetchone()["id"])


def finish(hub: Hub, row: sqlite3.Row, conclusion: str, *, title: str, summary: str, text: str, sender_id: int) -> None:
    with hub.write() as db:
        db.execute(
            "update check_runs set status = 'completed', conclusion = ?, completed_at = ?, title = ?, summary = ?, text = ? where id = ?",
            (conclusion, hub.now(), title, summary, text, row["id"]),
        )
        check_payloads.told(hub, row["id"], "completed", sender_id)


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
    return answered(shapes_checks.run(repo, now.db.execute("select * from check_runs where id = ?", (run_id,)).fetchone()))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/check-runs")
def on_commit(owner: str, name: str, ref: str) -> Response:
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    sha = git.resolve(pull_rows.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {ref}")
    rows = now.db.execute("select * from check_runs where repo_id = ? and head_sha = ? order by id desc", (repo["id"], sha)).fetchall()
    if request.args.get("filter", "latest") == "latest":
        rows = list({(row["app_id"], row["name"]): row for row in reversed(rows)}.values())
    if wanted := request.args.get("check_name"):
        rows = [row for row in rows if row["name"] == wanted]
    return answered({"total_count": len(rows), "check_runs": [shapes_checks.run(repo, row) for row in paged(rows)]})


def _status(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    base = f"{shapes.root()}/repos/{shapes.full_name(repo)}/statuses/{row['sha']}"
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
        check_payloads.status_told(now.hub, row, now.actor.user_id)
    return created(_status(repo, row) | {"creator": shapes.user(row["creator_id"])})


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/status")
def combined(owner: str, name: str, ref: str) -> Response:
    repo, now = repository(owner, name), current()
    sha = git.resolve(pull_rows.bare(now.hub, now.db, repo["id"]), ref)
    if sha is None:
        raise not_found()
    rows = now.db.execute("select * from statuses where repo_id = ? and sha = ? order by id", (repo["id"], sha)).fetchall()
    latest = list({row["context"]: row for row in rows}.values())
    states = {row["state"] for row in latest}
    state = "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else "success"
    base = f"{shapes.root()}/repos/{shapes.full_name(repo)}"
    about = {"sha": sha, "total_count": len(latest), "repository": shapes.repository(repo), "commit_url": f"{base}/commits/{sha}"}
    return answered({"state": state, "statuses": [_status(repo, row) for row in latest], **about, "url": f"{base}/commits/{sha}/status"})


def report(hub: Hub, full_name: str, sha: str, name: str, conclusion: str, *, log: str = "") -> None:
    """A check reported by hand, as Actions would have."""
    owner, _, repo_name = full_name.partition("/")
    repo = find_repository(hub.db(), owner, repo_name)
    assert repo is not None
    app_id, bot = actions_app(hub)
    put(hub, repo, sha, name, app_id=app_id, status="completed", conclusion=conclusion, title=name, summary="", text=log, sender_id=bot)


def known_actions_app(db: sqlite3.Connection) -> int | None:
    row = db.execute("select id from apps where slug = 'github-actions'").fetchone()
    return row and int(row["id"])


def actions_app(hub: Hub) -> tuple[int, int]:
    """The app under which the tiny Actions reports: its id and its bot's."""
    return app_of_github(hub, "github-actions", "GitHub Actions")


def app_of_github(hub: Hub, slug: str, name: str) -> tuple[int, int]:
    """One of GitHub's own apps, made when it is first needed: its id and its bot's."""
    row = hub.db().execute("select id, bot_id from apps where slug = ?", (slug,)).fetchone()
    if row is None:
        with hub.write() as db:
            bot = db.execute(
                "insert into users (login, type, created_at) values (?, 'Bot', ?) returning id", (f"{slug}[bot]", hub.now())
            ).fetchone()["id"]
            row = db.execute(
                "insert into apps (slug, name, owner_id, bot_id, public_key, permissions, created_at) values (?, ?, ?, ?, '', ?, ?)"
                " returning id, bot_id",
                (slug, name, bot, bot, json.dumps({"checks": "write"}), hub.now()),
            ).fetchone()
    return int(row["id"]), int(row["bot_id"])
