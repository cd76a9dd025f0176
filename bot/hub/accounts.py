"""Accounts: who one is, people, apps and their tokens, repositories, collaborators and variables."""

import json
import secrets
import sqlite3
from typing import Any

from flask import Blueprint, Response

from bot.hub import node_ids, shapes
from bot.hub.actors import Kind
from bot.hub.web import (
    Problem,
    answered,
    created,
    current,
    field,
    json_body,
    not_found,
    nothing,
    repository,
    require,
    role_of,
    signed_in,
    words,
)

routes = Blueprint("accounts", __name__)


def _profile(row: sqlite3.Row) -> dict[str, Any]:
    shown = shapes.user(row["id"])
    assert shown is not None
    blank = dict.fromkeys(("company", "location", "hireable", "bio", "twitter_username"))
    numbers = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {
        **shown,
        "name": row["name"],
        "email": row["email"],
        "blog": "",
        **blank,
        **numbers,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


@routes.get("/user")
def me() -> Response:
    actor = signed_in()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    return answered(_profile(_user(actor.login)))


def _user(login: str) -> sqlite3.Row:
    row: sqlite3.Row | None = current().db.execute("select * from users where login = ?", (login,)).fetchone()
    if row is None:
        raise not_found()
    return row


@routes.get("/users/<login>")
@routes.get("/orgs/<login>")
def one(login: str) -> Response:
    return answered(_profile(_user(login)))


def _app(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_ids.encode("App", row["id"]),
        "client_id": row["client_id"] or f"Iv1.{row['id']:016x}",
        "owner": shapes.user(row["owner_id"]),
        "name": row["name"],
        "description": None,
        "external_url": shapes.web(),
        "html_url": f"{shapes.web()}/apps/{row['slug']}",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": [],
    }


def _asking_app() -> sqlite3.Row:
    actor = signed_in()
    if actor.kind is not Kind.APP:
        raise Problem(401, "A JSON web token could not be decoded")
    row: sqlite3.Row = current().db.execute("select * from apps where id = ?", (actor.app_id,)).fetchone()
    return row


@routes.get("/app")
def app() -> Response:
    return answered(_app(_asking_app()))


def _installation(row: sqlite3.Row) -> dict[str, Any]:
    account = shapes.user(row["account_id"])
    assert account is not None
    slug = current().db.execute("select slug from apps where id = ?", (row["app_id"],)).fetchone()["slug"]
    base = f"{shapes.root()}/app/installations/{row['id']}"
    return {
        "id": row["id"],
        "account": account,
        "app_id": row["app_id"],
        "app_slug": slug,
        "target_id": row["account_id"],
        "target_type": account["type"],
        "repository_selection": "selected" if row["repositories"] else "all",
        "access_tokens_url": f"{base}/access_tokens",
        "repositories_url": f"{shapes.root()}/installation/repositories",
        "html_url": f"{shapes.web()}/settings/installations/{row['id']}",
        "permissions": json.loads(row["permissions"]),
        "events": [],
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


@routes.get("/app/installations")
def installations() -> Response:
    rows = current().db.execute("select * from installations where app_id = ?", (_asking_app()["id"],)).fetchall()
    return answered([_installation(row) for row in rows])


@routes.get("/repos/<owner>/<name>/installation")
def installation_of(owner: str, name: str) -> Response:
    app_id = _asking_app()["id"]
    repo = (
        current()
        .db.execute(
            "select repositories.* from repositories join users on users.id = owner_id where login = ? and repositories.name = ?",
            (owner, name),
        )
        .fetchone()
    )
    row = (
        repo
        and current().db.execute("select * from installations where app_id = ? and account_id = ?", (app_id, repo["owner_id"])).fetchone()
    )
    if not row:
        raise not_found()
    return answered(_installation(row))


@routes.post("/app/installations/<int:installation_id>/access_tokens")
def access_token(installation_id: int) -> Response:
    """An hour's token, narrowed to the repositories and permissions asked for: https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app"""
    row = current().db.execute("select * from installations where id = ? and app_id = ?", (installation_id, _asking_app()["id"])).fetchone()
    if row is None:
        raise not_found()
    body, now = json_body(), current()
    granted = json.loads(row["permissions"])
    asked = field(body, "permissions", dict) or granted
    order = ("read", "write", "admin")
    for area, level in asked.items():
        if area not in granted or order.index(level) > order.index(granted[area]):
            raise Problem(422, "The permissions requested are not granted to this installation.")
    chosen = field(body, "repository_ids", list)
    if names := words(body, "repositories"):
        found = [
            now.db.execute("select id from repositories where owner_id = ? and name = ?", (row["account_id"], one)).fetchone()
            for one in names
        ]
        if None in found:
            raise Problem(422, "There is at least one repository that does not exist or is not accessible to the parent installation.")
        chosen = [one["id"] for one in found]
    app = now.db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    token, expires = f"ghs_{app['id']}_{secrets.token_urlsafe(40)}", now.hub.later(3600)
    with now.hub.write() as db:
        db.execute(
            "insert into tokens (token, user_id, kind, installation_id, permissions, repositories, expires_at) values (?, ?, 'installation', ?, ?, ?, ?)",
            (token, app["bot_id"], row["id"], json.dumps(asked), json.dumps(chosen) if chosen else None, expires),
        )
    selection = "selected" if chosen else "all"
    return created({"token": token, "expires_at": expires, "permissions": asked, "repository_selection": selection})


@routes.get("/repos/<owner>/<name>")
def repo(owner: str, name: str) -> Response:
    return answered(shapes.repository(repository(owner, name), full=True))


@routes.get("/repos/<owner>/<name>/collaborators/<login>/permission")
def permission(owner: str, name: str, login: str) -> Response:
    """`permission` knows four words; `role_name` tells triage and maintain apart."""
    found = repository(owner, name)
    signed_in()
    person = _user(login)
    role = role_of(current().db, found, person["id"])
    coarse = {"maintain": "write", "triage": "read"}.get(role, role)
    return answered({"permission": coarse, "role_name": role, "user": {**(shapes.user(person["id"]) or {}), "role_name": role}})


@routes.get("/repos/<owner>/<name>/actions/variables/<variable>")
def variable(owner: str, name: str, variable: str) -> Response:
    found = repository(owner, name)
    require(found, "actions_variables", "read")
    row = current().db.execute("select * from variables where repo_id = ? and name = ?", (found["id"], variable.upper())).fetchone()
    if row is None:
        raise not_found()
    return answered({key: row[key] for key in ("name", "value", "created_at", "updated_at")})


@routes.put("/repos/<owner>/<name>/collaborators/<login>")
def invite(owner: str, name: str, login: str) -> Response:
    found = repository(owner, name)
    require(found, "administration", "write")
    roles = {"pull": "read", "push": "write"}
    asked = field(json_body(), "permission", str) or "push"
    with current().hub.write() as db:
        db.execute("insert or replace into collaborators values (?, ?, ?)", (found["id"], _user(login)["id"], roles.get(asked, asked)))
    return nothing()


@routes.get("/rate_limit")
def rate_limit() -> Response:
    reset = int(current().hub.clock().timestamp()) + 3600
    one = {"limit": 5000, "used": 0, "remaining": 5000, "reset": reset}
    kinds = ("core", "search", "graphql", "integration_manifest", "code_search")
    return answered({"resources": dict.fromkeys(kinds, one), "rate": one})
