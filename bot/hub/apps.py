"""Apps: what one is, where it is installed, and the one-hour tokens that it trades its signature for."""

import json
import secrets
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub import shapes
from bot.hub.web import Actor, Kind, Problem, answered, current, field, find_repository, json_body, not_found, nothing, paged

routes = Blueprint("apps", __name__)
TOKEN_LIFE = 3600
STRENGTH = {"read": 1, "write": 2, "admin": 3}


def _app() -> Actor:
    actor = current().actor
    if actor.kind is not Kind.APP:
        raise Problem(401, "A JSON web token could not be decoded")
    return actor


def installation_shape(row: sqlite3.Row) -> dict[str, Any]:
    now = current()
    app = now.db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    owner = shapes.user_row(now.db, row["account_id"])
    url = f"{shapes.api_base(now.hub)}/app/installations/{row['id']}"
    return {
        "id": row["id"],
        "account": shapes.user(now.hub, owner),
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{shapes.api_base(now.hub)}/installation/repositories",
        "html_url": f"{shapes.html_base(now.hub)}/settings/installations/{row['id']}",
        "app_id": app["id"],
        "app_slug": app["slug"],
        "client_id": app["client_id"],
        "target_id": owner["id"],
        "target_type": owner["type"],
        "repository_selection": "all" if row["repositories"] is None else "selected",
        "permissions": json.loads(row["permissions"]),
        "events": [],
        "single_file_name": None,
        "single_file_paths": [],
        "has_multiple_single_files": False,
        "suspended_by": None,
        "suspended_at": None,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


@routes.get("/app")
def app() -> Response:
    now, actor = current(), _app()
    shown = shapes.app_or_none(now.hub, now.db, actor.app_id) or {}
    count = now.db.execute("select count(*) from installations where app_id = ?", (actor.app_id,)).fetchone()[0]
    return answered(shown | {"installations_count": count})


@routes.get("/apps/<slug>")
def app_by_slug(slug: str) -> Response:
    now = current()
    row = now.db.execute("select * from apps where slug = ?", (slug,)).fetchone()
    if row is None:
        raise not_found()
    return answered(shapes.app(now.hub, now.db, row))


@routes.get("/app/installations")
def installations() -> Response:
    rows = current().db.execute("select * from installations where app_id = ? order by id", (_app().app_id,)).fetchall()
    return answered([installation_shape(row) for row in paged(rows)])


@routes.get("/app/installations/<int:number>")
def installation(number: int) -> Response:
    return answered(installation_shape(_installation(number)))


def _installation(number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from installations where id = ? and app_id = ?", (number, _app().app_id)).fetchone()
    )
    if row is None:
        raise not_found()
    return row


@routes.get("/repos/<owner>/<name>/installation")
def repository_installation(owner: str, name: str) -> Response:
    repo = find_repository(current().db, owner, name)
    return answered(installation_shape(_installed_at(repo["owner_id"] if repo else None, repo["id"] if repo else None)))


@routes.get("/users/<login>/installation")
@routes.get("/orgs/<login>/installation")
def account_installation(login: str) -> Response:
    row = current().db.execute("select id from users where login = ?", (login,)).fetchone()
    return answered(installation_shape(_installed_at(row["id"] if row else None, None)))


def _installed_at(account_id: int | None, repo_id: int | None) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from installations where app_id = ? and account_id = ?", (_app().app_id, account_id)).fetchone()
    )
    if row is None or (repo_id is not None and row["repositories"] is not None and repo_id not in json.loads(row["repositories"])):
        raise not_found()
    return row


@routes.post("/app/installations/<int:number>/access_tokens")
def access_token(number: int) -> Response:
    now, actor, row, body = current(), _app(), _installation(number), json_body()
    granted = json.loads(row["permissions"])
    wanted: dict[str, str] | None = field(body, "permissions", dict)
    for name, level in (wanted or {}).items():
        if STRENGTH.get(level, 9) > STRENGTH.get(granted.get(name, ""), 0):
            raise Problem(422, "The permissions requested are not granted to this installation.")
    chosen = _chosen(row, body)
    token = f"ghs_{actor.app_id}_{secrets.token_urlsafe(24)}"
    shown = {
        "token": token,
        "expires_at": now.hub.later(TOKEN_LIFE),
        "permissions": {"metadata": "read"} | (granted if wanted is None else wanted),
        "repository_selection": "all" if chosen is None else "selected",
    }
    with now.hub.write() as db:
        db.execute(
            "insert into tokens (token, user_id, kind, installation_id, permissions, repositories, expires_at) values (?, ?, 'installation', ?, ?, ?, ?)",
            (
                token,
                actor.user_id,
                number,
                json.dumps(shown["permissions"]),
                None if chosen is None else json.dumps(chosen),
                shown["expires_at"],
            ),
        )
    if chosen is not None and (body.get("repositories") or body.get("repository_ids")):
        rows = [now.db.execute("select * from repositories where id = ?", (key,)).fetchone() for key in chosen]
        shown["repositories"] = [shapes.repository(now.hub, now.db, found) for found in rows]
    return answered(shown, 201)


def _chosen(row: sqlite3.Row, body: dict[str, Any]) -> list[int] | None:
    """The repositories that the token is for: those of the installation, or fewer."""
    db = current().db
    installed: list[int] | None = None if row["repositories"] is None else json.loads(row["repositories"])
    names: list[Any] | None = field(body, "repositories", list)
    ids: list[Any] | None = field(body, "repository_ids", list)
    if names is None and ids is None:
        return installed
    found = list(ids or [])
    for name in names or []:
        repo = db.execute("select id from repositories where owner_id = ? and name = ?", (row["account_id"], name)).fetchone()
        found.append(repo["id"] if repo else 0)
    owned = {repo["id"] for repo in db.execute("select id from repositories where owner_id = ?", (row["account_id"],))}
    if any(key not in (owned if installed is None else installed) for key in found):
        raise Problem(422, "There is at least one repository that does not exist or is not accessible to the parent installation.")
    return found


@routes.get("/installation/repositories")
def repositories() -> Response:
    now = current()
    if now.actor.kind is not Kind.INSTALLATION:
        raise Problem(403, "You must authenticate with an installation access token in order to list repositories for an installation.")
    account = now.db.execute("select * from installations where id = ?", (now.actor.installation_id,)).fetchone()
    rows = now.db.execute("select * from repositories where owner_id = ? order by id", (account["account_id"],)).fetchall()
    allowed = [row for row in rows if now.actor.repository_ids is None or row["id"] in now.actor.repository_ids]
    selection = "all" if now.actor.repository_ids is None else "selected"
    shown = [shapes.repository(now.hub, now.db, row) for row in paged(allowed)]
    return answered({"total_count": len(allowed), "repository_selection": selection, "repositories": shown})


@routes.delete("/installation/token")
def revoke() -> Response:
    now = current()
    secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
    with now.hub.write() as db:
        db.execute("delete from tokens where token = ? and kind = 'installation'", (secret,))
    return nothing()
