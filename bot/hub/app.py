"""The embedded GitHub as a Flask application: one request's way in and out, and every route's place."""

import hashlib
from copy import copy
from datetime import UTC
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from flask import Flask, Response, g, request

from bot.hub import coverage
from bot.hub.actions import triggers
from bot.hub.changes import following
from bot.hub.git_http import backend
from bot.hub.graphql import endpoint as graphql
from bot.hub.pages import app_forms, forms
from bot.hub.pages import routes as pages
from bot.hub.rest import boards, root
from bot.hub.rest import limits as rest_limits
from bot.hub.rest.accounts import accounts, app_hooks, app_manifests
from bot.hub.rest.actions import environment_secrets, environments, runs, secrets, settings, variables, workflows
from bot.hub.rest.code import branches, check_suites, checks, commits, contents, objects, refs, releases
from bot.hub.rest.issues import comments, dependencies, issues, labels, milestones, reactions, search, timeline
from bot.hub.rest.pulls import line_comments, merging, pulls, reviewers, reviews, updating
from bot.hub.rest.repositories import collaborators, hooks, repositories, rulesets, topics
from bot.hub.store.hub import Hub, Listener
from bot.hub.web import faults, limits, sessions
from bot.hub.web.actors import BadCredentials, Kind, authenticate
from bot.hub.web.answers import Problem, not_found
from bot.hub.web.context import begin, current

API = (
    accounts,
    issues,
    labels,
    comments,
    milestones,
    reactions,
    timeline,
    pulls,
    reviewers,
    reviews,
    line_comments,
    merging,
    updating,
    checks,
    check_suites,
    refs,
    commits,
    contents,
    objects,
    releases,
    branches,
    rulesets,
    runs,
    secrets,
    environments,
    environment_secrets,
    settings,
    workflows,
    app_hooks,
    app_manifests,
    boards,
    graphql,
    repositories,
    topics,
    collaborators,
    variables,
    dependencies,
    hooks,
    rest_limits,
    search,
)
ROOT = (backend, app_forms, pages, forms, root, coverage)
_SCOPES = "admin:org, project, repo, workflow"
"""Of every person's token: what it may is decided by who the person is, not by what the token was given."""
LISTENERS: tuple[Listener, ...] = (following.listen, triggers.listen)
"""Who follows what is announced, in this order."""


def create_app(hub: Hub) -> Flask:
    """An application over this hub; all hubs of a process share one set of routes and templates."""
    hub.listeners = LISTENERS
    app = copy(_routed())
    app.before_request_funcs = {**app.before_request_funcs, None: [lambda: _enter(hub)]}
    app.wsgi_app = faults.door(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


@cache
def _routed() -> Flask:
    """Made once: compiling the patterns of the routes takes longer than most tests, and each test has a hub of its own."""
    app = Flask("bot.hub", static_folder=None, template_folder=str(Path(pages.__file__).with_name("templates")))
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.after_request(_leave)
    app.register_error_handler(Problem, _refused)
    app.register_error_handler(404, lambda _: _refused(not_found()))
    app.register_error_handler(405, lambda _: not_found().response())
    for module in API:
        app.register_blueprint(module.routes)
        app.register_blueprint(module.routes, url_prefix="/api/v3", name=f"{module.routes.name}_v3")
    app.register_blueprint(graphql.routes, url_prefix="/api", name="graphql_api")
    for module in ROOT:
        app.register_blueprint(module.routes)
    pages.prepare(app)
    return app


def _refused(problem: Problem) -> Response:
    return (pages.absent() if problem.status == 404 else None) or problem.response()


def _enter(hub: Hub) -> Response | None:
    header = request.headers.get("Authorization")
    try:
        begin(hub, sessions.signed_in(hub) if header is None and request.blueprint in sessions.PAGES else authenticate(hub, header))
    except BadCredentials as refused:
        begin(hub, authenticate(hub, None))
        raise Problem(401, str(refused)) from None
    g.fault = faults.due(hub)
    return faults.before_work(g.fault) or limits.check()


def _leave(response: Response) -> Response:
    if "current" not in g:
        return response
    response = faults.after_work(g.get("fault"), response)
    hub = current().hub
    response.headers["Date"] = format_datetime(hub.clock().astimezone(UTC).replace(microsecond=0), usegmt=True)
    if request.url_rule is None or request.blueprint in limits.UNCOUNTED:
        return response
    response.headers["X-GitHub-Request-Id"] = hashlib.sha256(f"{request.path}{hub.now()}".encode()).hexdigest()[:20].upper()
    if current().actor.kind is Kind.PAT:
        response.headers["X-OAuth-Scopes"] = _SCOPES
        response.headers["X-Accepted-OAuth-Scopes"] = ""
    if links := g.get("links"):
        response.headers["Link"] = links
    if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
        response.set_etag(hashlib.sha256(response.get_data() + current().actor.login.encode()).hexdigest()[:40], weak=True)
        response.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        response.make_conditional(request)
    limits.charge(response)
    return response
