"""The embedded GitHub as a Flask application: one request's way in and out, and every route's place."""

import hashlib
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path

from flask import Flask, Response, g, request

from bot.hub import (
    accounts,
    actions,
    boards,
    checks,
    comments,
    faults,
    git_http,
    graphql,
    issues,
    labels,
    merge,
    pages,
    pulls,
    refs,
    reviews,
    timeline,
)
from bot.hub.actors import BadCredentials, authenticate
from bot.hub.hub import Hub
from bot.hub.web import Problem, begin, current, not_found

API = (accounts, issues, labels, comments, timeline, pulls, reviews, merge, checks, refs, actions, boards, graphql)
ROOT = (git_http, pages)
_LIMIT = 5000
_CREATING = ("/issues", "/pulls", "/comments", "/reviews", "/merge", "/check-runs")


def create_app(hub: Hub) -> Flask:
    app = Flask("bot.hub", static_folder=None, template_folder=str(Path(__file__).with_name("templates")))
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(lambda: _enter(hub))
    app.after_request(_leave)
    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(404, lambda _: not_found().response())
    app.register_error_handler(405, lambda _: not_found().response())
    for module in API:
        app.register_blueprint(module.routes)
        app.register_blueprint(module.routes, url_prefix="/api/v3", name=f"{module.routes.name}_v3")
    app.register_blueprint(graphql.routes, url_prefix="/api", name="graphql_api")
    for module in ROOT:
        app.register_blueprint(module.routes)
    pages.prepare(app)
    return app


def _enter(hub: Hub) -> None:
    try:
        begin(hub, authenticate(hub, request.headers.get("Authorization")))
    except BadCredentials as refused:
        begin(hub, authenticate(hub, None))
        raise Problem(401, str(refused)) from None
    g.fault = faults.due(hub)
    faults.before_work(g.fault)


def _leave(response: Response) -> Response:
    if "current" not in g:
        return response
    response = faults.after_work(g.get("fault"), response)
    hub = current().hub
    response.headers["Date"] = format_datetime(hub.clock().astimezone(UTC).replace(microsecond=0), usegmt=True)
    if request.url_rule is None or request.blueprint in ("pages", "git_http"):
        return response
    response.headers["X-GitHub-Request-Id"] = hashlib.sha256(f"{request.path}{hub.now()}".encode()).hexdigest()[:20].upper()
    if links := g.get("links"):
        response.headers["Link"] = links
    resource = "graphql" if request.path.endswith("/graphql") else "core"
    if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
        response.set_etag(hashlib.sha256(response.get_data() + current().actor.login.encode()).hexdigest()[:40], weak=True)
        response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        response.make_conditional(request)
    _count(hub, response, resource)
    return response


def _count(hub: Hub, response: Response, resource: str) -> None:
    """The request log, and what is left of the hour. An answer of 304 is free."""
    actor = current().actor.login
    creates = (request.method in ("POST", "PUT") and request.path.endswith(_CREATING)) or (
        resource == "graphql" and b"addComment" in request.get_data()
    )
    with hub.write() as db:
        db.execute(
            "insert into requests (at, actor, method, path, route, status, resource, creates_content) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (hub.now(), actor, request.method, request.path, str(request.url_rule), response.status_code, resource, creates),
        )
    hour = hub.later(-3600)
    used = (
        hub.db()
        .execute("select count(*) from requests where actor = ? and resource = ? and at > ? and status != 304", (actor, resource, hour))
        .fetchone()[0]
    )
    reset = int(hub.clock().timestamp()) + 3600
    for name, value in (("Limit", _LIMIT), ("Remaining", max(0, _LIMIT - used)), ("Used", used), ("Reset", reset), ("Resource", resource)):
        response.headers[f"X-RateLimit-{name}"] = str(value)
