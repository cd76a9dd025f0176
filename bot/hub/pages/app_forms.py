"""What a person presses to have an app: make it from a manifest that somebody's page sent, and install it on a repository.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, g, redirect, request
from flask import Response as PlainResponse
from werkzeug.wrappers import Response

from bot.hub import seed
from bot.hub.pages import reads
from bot.hub.pages.routes import POLICY, guard, shown
from bot.hub.rest.accounts import app_manifests
from bot.hub.web import sessions
from bot.hub.web.access import at_least, role_of
from bot.hub.web.actors import Actor
from bot.hub.web.answers import Problem, not_found
from bot.hub.web.context import current

routes = Blueprint("app_forms", __name__)


@routes.after_request
def guarded(answer: PlainResponse) -> PlainResponse:
    """Browsers hold a form to its page's policy through redirects too."""
    allowed = " ".join(filter(None, ("form-action 'self'", g.get("form_goes_to", ""))))
    guard(answer).headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", allowed)
    return answer


def _pressing() -> Actor:
    actor = sessions.person()
    if actor is None:
        raise Problem(403, "Sign in, and press the button on the page itself.")
    sessions.require_own_form()
    return actor


def _manifest(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise Problem(422, "The manifest is not JSON.") from None
    if not isinstance(found, dict) or urlsplit(str(found.get("redirect_url"))).scheme not in ("http", "https"):
        raise Problem(422, "The manifest must be an object with a redirect_url.")
    return found


def _administered(actor: Actor, owner: sqlite3.Row) -> list[sqlite3.Row]:
    """Repositories of the account that the person administers; nobody is a member of an organization here."""
    rows = reads.query(
        "select repositories.*, login as owner from repositories join users on users.id = owner_id where owner_id = ?", owner["id"]
    )
    return [row for row in rows if at_least(role_of(current().db, row, actor.user_id), "admin")]


def _account(actor: Actor, owner: str) -> sqlite3.Row:
    account = reads.account(owner or actor.login)
    if account["id"] != actor.user_id and not _administered(actor, account):
        raise not_found()
    return account


@routes.post("/settings/apps/new", defaults={"owner": ""})
@routes.post("/organizations/<owner>/settings/apps/new")
def ask(owner: str) -> Response | str:
    """The form that another site sends here does nothing but show this page."""
    actor = sessions.person()
    if actor is None:
        return redirect("/login")
    account, manifest = _account(actor, owner), _manifest(request.form.get("manifest", ""))
    place = urlsplit(manifest["redirect_url"])
    rights: Mapping[str, str] = manifest.get("default_permissions") or {}
    state = request.args.get("state", "")
    g.form_goes_to = f"{place.scheme}://{place.netloc}"
    return shown("new_app.html", account=account, manifest=manifest, text=json.dumps(manifest), state=state, rights=rights)


@routes.post("/settings/apps/manifest")
def make() -> Response:
    actor = _pressing()
    manifest = _manifest(request.form.get("manifest", "")) | {"name": request.form.get("name", "").strip()}
    account = _account(actor, request.form.get("owner", ""))
    try:
        code = app_manifests.agree(current().hub, account["login"], manifest)
    except ValueError as error:
        raise Problem(422, str(error)) from None
    given = {"code": code} | ({"state": state} if (state := request.form.get("state")) else {})
    return redirect(f"{manifest['redirect_url']}?{urlencode(given)}")


def _app(slug: str) -> sqlite3.Row:
    rows = reads.query("select apps.*, login as owner from apps join users on users.id = owner_id where slug = ?", slug)
    if not rows:
        raise not_found()
    return rows[0]


@routes.get("/apps/<slug>/installations/new")
@routes.get("/apps/<slug>/installations/new/permissions")
def choose(slug: str) -> Response | str:
    """`repository_ids[]` in the address are chosen already:
    https://docs.github.com/apps/creating-github-apps/registering-a-github-app/migrating-oauth-apps-to-github-apps"""
    actor = sessions.person()
    if actor is None:
        return redirect("/login")
    app = _app(slug)
    wanted = set(request.args.getlist("repository_ids[]"))
    repositories = _administered(actor, reads.account(app["owner"]))
    return shown("install_app.html", app=app, repositories=repositories, wanted=wanted, rights=json.loads(app["permissions"]))


@routes.post("/apps/<slug>/installations")
def install(slug: str) -> Response:
    actor, app = _pressing(), _app(slug)
    account = reads.account(app["owner"])
    may = {str(row["id"]): int(row["id"]) for row in _administered(actor, account)}
    chosen = request.form.getlist("repository_ids[]")
    if not chosen or not set(chosen) <= set(may):
        raise Problem(422, "Choose repositories that you administer.")
    if reads.query("select 1 from installations where app_id = ? and account_id = ?", app["id"], account["id"]):
        raise Problem(422, f"{app['name']} is installed on {account['login']} already.")
    number = seed.install_app(current().hub, app["id"], account["login"], repositories=[may[one] for one in chosen])
    return redirect(f"/settings/installations/{number}")


@routes.get("/settings/installations/<int:number>")
def installed(number: int) -> Response | str:
    if sessions.person() is None:
        return redirect("/login")
    rows = reads.query(
        "select apps.*, login as owner from installations join apps on apps.id = installations.app_id join users on users.id = account_id where installations.id = ?",
        number,
    )
    if not rows:
        raise not_found()
    return shown("installed.html", app=rows[0])
