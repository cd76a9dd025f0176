"""Accounts: who one is, people, organizations, apps and their tokens, and what a person may do in a repository."""

import json
import secrets
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import apps as app_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.web.access import repository, require, role_of, signed_in
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, words

routes = Blueprint("accounts", __name__)


def _profile(row: sqlite3.Row) -> dict[str, Any]:
    shown = account_shapes.user(row["id"])
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
    private = {"private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0}
    return answered(_profile(_user(actor.login)) | private | {"two_factor_authentication": True, "user_view_type": "private"})


def _user(login: str) -> sqlite3.Row:
    row: sqlite3.Row | None = current().db.execute("select * from users where login = ?", (login,)).fetchone()
    if row is None:
        raise not_found()
    return row


@routes.get("/users/<login>")
def one(login: str) -> Response:
    return answered(_profile(_user(login)))


_NOT_OF_ORGANIZATIONS = {"gravatar_id", "site_admin", "hireable", "bio", "blog", "user_view_type"} | {
    f"{way}_url" for way in ("followers", "following", "gists", "starred", "subscriptions", "organizations", "received_events")
}


@routes.get("/orgs/<login>")
def organization(login: str) -> Response:
    row = _user(login)
    if row["type"] != "Organization":
        raise not_found()
    base = f"{links.root()}/orgs/{row['login']}"
    ways = ("repos", "events", "hooks", "issues")
    return answered(
        {key: value for key, value in _profile(row).items() if key not in _NOT_OF_ORGANIZATIONS}
        | {"url": base, "description": "", "name": row["name"] or row["login"], "company": "", "location": "", "email": row["email"] or ""}
        | {f"{way}_url": f"{base}/{way}" for way in ways}
        | {"members_url": f"{base}/members{{/member}}", "public_members_url": f"{base}/public_members{{/member}}"}
        | {"has_organization_projects": True, "has_repository_projects": True, "archived_at": None, "twitter_username": None}
    )


@routes.get("/user/orgs")
@routes.get("/users/<login>/orgs")
def organizations(login: str = "") -> Response:
    """Nobody is a member here: an organization gives people roles in its repositories."""
    signed_in()
    return answered([])


def _asking_app() -> sqlite3.Row:
    actor = signed_in()
    if actor.kind is not Kind.APP:
        raise Problem(401, "A JSON web token could not be decoded")
    row: sqlite3.Row = current().db.execute("select * from apps where id = ?", (actor.app_id,)).fetchone()
    return row


@routes.get("/app")
def app() -> Response:
    return answered(app_shapes.app(_asking_app()))


def _installation(row: sqlite3.Row) -> dict[str, Any]:
    account = account_shapes.user(row["account_id"])
    assert account is not None
    slug = current().db.execute("select slug from apps where id = ?", (row["app_id"],)).fetchone()["slug"]
    base = f"{links.root()}/app/installations/{row['id']}"
    return {
        "id": row["id"],
        "account": account,
        "app_id": row["app_id"],
        "app_slug": slug,
        "target_id": row["account_id"],
        "target_type": account["type"],
        "repository_selection": "selected" if row["repositories"] else "all",
        "access_tokens_url": f"{base}/access_tokens",
        "repositories_url": f"{links.root()}/installation/repositories",
        "html_url": f"{links.web()}/settings/installations/{row['id']}",
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


@routes.get("/apps/<slug>")
def app_by_slug(slug: str) -> Response:
    row = current().db.execute("select * from apps where slug = ?", (slug,)).fetchone()
    if row is None:
        raise not_found()
    return answered(app_shapes.app(row))


@routes.get("/app/installations/<int:installation_id>")
def installation(installation_id: int) -> Response:
    row = current().db.execute("select * from installations where id = ? and app_id = ?", (installation_id, _asking_app()["id"])).fetchone()
    if row is None:
        raise not_found()
    return answered(_installation(row))


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
    if not row or (row["repositories"] and repo["id"] not in json.loads(row["repositories"])):
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
    asked = field(body, "permissions", dict)  # an empty object, as PyGithub sends it, means all
    strength = {"read": 1, "write": 2, "admin": 3}
    for area, level in (asked or {}).items():
        if strength.get(level, 9) > strength.get(granted.get(area, "read" if area == "metadata" else ""), 0):
            raise Problem(422, "The permissions requested are not granted to this installation.")
    asked = {"metadata": "read"} | (asked or granted)
    chosen = _chosen(row, body)
    app = now.db.execute("select * from apps where id = ?", (row["app_id"],)).fetchone()
    token, expires = f"ghs_{app['id']}_{secrets.token_urlsafe(40)}", now.hub.later(3600)
    with now.hub.write() as db:
        db.execute(
            "insert into tokens (token, user_id, kind, installation_id, permissions, repositories, expires_at) values (?, ?, 'installation', ?, ?, ?, ?)",
            (token, app["bot_id"], row["id"], json.dumps(asked), None if chosen is None else json.dumps(chosen), expires),
        )
    shown: dict[str, Any] = {
        "token": token,
        "expires_at": expires,
        "permissions": asked,
        "repository_selection": "all" if chosen is None else "selected",
    }
    if chosen is not None:
        marks = ", ".join("?" * len(chosen))
        shown["repositories"] = [
            repository_shapes.repository(one)
            for one in now.db.execute(f"select * from repositories where id in ({marks}) order by id", chosen)
        ]
    return created(shown)


def _chosen(row: sqlite3.Row, body: dict[str, Any]) -> list[int] | None:
    """The repositories that the token is for: those of the installation, or fewer of them. None is all of the account's."""
    installed: list[int] | None = json.loads(row["repositories"]) if row["repositories"] else None
    names, ids = words(body, "repositories"), field(body, "repository_ids", list)
    if names is None and ids is None:
        return installed
    owned = {
        one["name"].lower(): one["id"]
        for one in current().db.execute("select * from repositories where owner_id = ?", (row["account_id"],))
    }
    asked = [*(ids or []), *(owned.get(name.lower(), 0) for name in names or [])]
    allowed = set(owned.values()) if installed is None else set(installed)
    if not set(asked) <= allowed:
        raise Problem(422, "There is at least one repository that does not exist or is not accessible to the parent installation.")
    return asked


@routes.delete("/installation/token")
def revoke() -> Response:
    secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
    with current().hub.write() as db:
        db.execute("delete from tokens where token = ? and kind = 'installation'", (secret,))
    return nothing()


@routes.get("/repos/<owner>/<name>")
def repo(owner: str, name: str) -> Response:
    return answered(repository_shapes.repository(repository(owner, name), full=True))


@routes.get("/repos/<owner>/<name>/collaborators/<login>/permission")
def permission(owner: str, name: str, login: str) -> Response:
    """`permission` knows four words; `role_name` tells triage and maintain apart."""
    found = repository(owner, name)
    signed_in()
    person = _user(login)
    role = role_of(current().db, found, person["id"])
    coarse = {"maintain": "write", "triage": "read"}.get(role, role)
    return answered({"permission": coarse, "role_name": role, "user": {**(account_shapes.user(person["id"]) or {}), "role_name": role}})


@routes.put("/repos/<owner>/<name>/collaborators/<login>")
def invite(owner: str, name: str, login: str) -> Response:
    found = repository(owner, name)
    require(found, "administration", "write")
    roles = {"pull": "read", "push": "write"}
    asked = field(json_body(), "permission", str) or "push"
    with current().hub.write() as db:
        db.execute("insert or replace into collaborators values (?, ?, ?)", (found["id"], _user(login)["id"], roles.get(asked, asked)))
    return nothing()
