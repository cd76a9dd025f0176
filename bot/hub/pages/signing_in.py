"""Signing in to the pages: a token of a person's once, and from then on a cookie; whatever is pressed must come from a page of ours."""

from flask import Blueprint, redirect, request
from flask import Response as PlainResponse
from werkzeug.wrappers import Response

from bot.hub.pages.routes import POLICY, guard, shown
from bot.hub.web.actors import Actor, BadCredentials, Kind, authenticate
from bot.hub.web.answers import Problem
from bot.hub.web.context import begin, current

routes = Blueprint("signing_in", __name__)
COOKIE = "hub_token"


@routes.after_request
def guarded(answer: PlainResponse) -> PlainResponse:
    return with_forms(answer)


def with_forms(answer: PlainResponse, goes_to: str = "") -> PlainResponse:
    """Forms go to this hub, and on to `goes_to`: browsers hold a form to its page's policy through redirects too."""
    allowed = " ".join(filter(None, ("'self'", goes_to)))
    guard(answer).headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", f"form-action {allowed}")
    return answer


def person() -> Actor | None:
    """Who looks at the page, and from here on asks."""
    hub = current().hub
    try:
        actor = authenticate(hub, f"Bearer {request.cookies.get(COOKIE, '')}")
    except BadCredentials:
        return None
    if actor.kind is not Kind.PAT:
        return None
    begin(hub, actor)
    return actor


def pressing() -> Actor:
    """The same for who presses a button: SameSite does not tell the ports of one machine apart, so the page of origin must be ours."""
    actor = person()
    if actor is None or request.headers.get("Origin") != request.host_url.rstrip("/"):
        raise Problem(403, "Sign in, and press the button on the page itself.")
    return actor


def to_sign_in() -> Response:
    return redirect("/login")


@routes.get("/login")
def form() -> str:
    return shown("login.html", who=person(), wrong=False)


@routes.post("/login")
def sign_in() -> Response | tuple[str, int]:
    token = request.form.get("token", "").strip()
    try:
        known = authenticate(current().hub, f"Bearer {token}").kind is Kind.PAT
    except BadCredentials:
        known = False
    if not known:
        return shown("login.html", who=None, wrong=True), 403
    answer = redirect("/")
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax")
    return answer
