"""One of the two apps made from a manifest: a page of this machine sends it to GitHub, and GitHub's redirect brings the code for its keys.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import hmac
import html
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from urllib.parse import quote, urlencode

import httpx
from flask import Flask, Response, abort, redirect, request
from werkzeug import Response as AnyResponse
from werkzeug.serving import make_server

from bot.core.errors.user_errors import UserError
from bot.entry.setup.apps import AppRole, app_name, asked
from bot.entry.setup.target import Target

_LOCAL = "127.0.0.1"
_PATIENCE = 30


@dataclass(frozen=True, kw_only=True)
class MadeApp:
    id: int
    slug: str
    page: str
    """Where its owner finds it."""
    private_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One app being made. `state` is GitHub's to hand back: whoever does not know it cannot have brought the code."""

    url: str
    """What is to be opened in a browser on this machine."""
    arrived: Queue[MadeApp | UserError] = field(repr=False)

    def wait(self, seconds: float) -> MadeApp:
        """Raises `UserError` where nobody agreed in time, or GitHub did not take the code."""
        try:
            found = self.arrived.get(timeout=seconds)
        except Empty:
            raise UserError(f"nobody agreed on GitHub's page within {seconds / 60:.0f} minutes") from None
        if isinstance(found, UserError):
            raise found
        return found


def manifest(app_role: AppRole, target: Target, *, redirect_url: str) -> Mapping[str, object]:
    """Private and without a webhook, as by the link."""
    return {
        "name": app_name(app_role, target.owner),
        "url": target.repo.html_url,
        "redirect_url": redirect_url,
        "public": False,
        "default_permissions": {right.permission: right.level for right in asked(app_role, target.of_organization)},
    }


def form_address(target: Target, state: str) -> str:
    owner = f"/organizations/{quote(target.owner)}" if target.of_organization else ""
    return f"{target.web}{owner}/settings/apps/new?{urlencode({'state': state})}"


def install_address(target: Target, slug: str) -> str:
    """The repository is chosen already: https://docs.github.com/apps/oauth-apps/.../migrating-oauth-apps-to-github-apps"""
    chosen = urlencode({"suggested_target_id": target.repo.owner.id, "repository_ids[]": target.repo.id})
    return f"{target.web}/apps/{quote(slug)}/installations/new/permissions?{chosen}"


@contextmanager
def registering(app_role: AppRole, target: Target) -> Iterator[Registration]:
    """Listens on this machine alone until the block ends."""
    state, arrived = secrets.token_urlsafe(32), Queue[MadeApp | UserError]()
    app = Flask("groundskeeper-app-manifest", static_folder=None, template_folder=None)
    server = make_server(_LOCAL, 0, app, threaded=True)
    here = f"http://{_LOCAL}:{server.server_port}"
    pending = threading.Lock()

    @app.before_request
    def only_here() -> None:
        """A name of somebody else's that leads to this machine is not ours."""
        if request.host != f"{_LOCAL}:{server.server_port}":
            abort(421)

    @app.get(f"/{state}")
    def page() -> Response:
        text = json.dumps(manifest(app_role, target, redirect_url=f"{here}/callback"))
        return _page(app_role, form_address(target, state), text)

    @app.get("/callback")
    def callback() -> AnyResponse:
        """Once: GitHub gives the keys for a code one time only."""
        if not hmac.compare_digest(request.args.get("state", "").encode(), state.encode()):
            abort(403, "This was not begun here. Open the link that `groundskeeper init` printed.")
        code = request.args.get("code", "")
        if not code.isalnum() or not pending.acquire(blocking=False):
            abort(400, "There is nothing more to do here.")
        try:
            made = converted(target.api_url, code)
        except UserError as error:
            arrived.put(error)
            abort(502, str(error))
        arrived.put(made)
        return redirect(install_address(target, made.slug), 303)

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Registration(url=f"{here}/{state}", arrived=arrived)
    finally:
        server.shutdown()
        thread.join(_PATIENCE)
        server.server_close()


def converted(api_url: str, code: str) -> MadeApp:
    """Raises `UserError`. Nobody signs in for this: the code is the right to it."""
    try:
        answer = httpx.post(f"{api_url}/app-manifests/{code}/conversions", timeout=_PATIENCE, headers={"Accept": "application/json"})
        told = answer.json() if answer.status_code == 201 else {}
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(f"GitHub did not give the app's keys ({type(error).__name__})") from None
    if not told:
        raise UserError(f"GitHub did not give the app's keys (it says {answer.status_code})")
    return MadeApp(id=int(told["id"]), slug=str(told["slug"]), page=str(told["html_url"]), private_key=str(told["pem"]))


def _page(app_role: AppRole, target: str, text: str) -> Response:
    """It goes on by itself, and by a button where scripts are off."""
    nonce, origin = secrets.token_urlsafe(16), "/".join(target.split("/")[:3])
    body = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>The {app_role.value} app</title>"
        f'<form method=post action="{html.escape(target)}"><input type=hidden name=manifest value="{html.escape(text)}">'
        f"<button>Go on to GitHub, to make the {app_role.value} app</button></form>"
        f'<script nonce="{nonce}">document.forms[0].submit()</script></html>'
    )
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; form-action {origin}; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return Response(body, mimetype="text/html", headers=headers)
