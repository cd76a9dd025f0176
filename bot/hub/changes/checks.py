"""Check runs and their suites, and GitHub's own apps that report them."""

import json
import sqlite3

from bot.hub.store.hub import Hub
from bot.hub.store.repositories import find_repository
from bot.hub.webhooks import checks as check_hooks


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
        check_hooks.told(hub, row["id"], "completed" if conclusion else "created", sender_id)
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
        check_hooks.told(hub, row["id"], "completed", sender_id)


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
