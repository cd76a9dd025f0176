"""The embedded GitHub as one WSGI application: every route, and what stands before and after them."""

import hashlib
import secrets
from collections.abc import Iterable
from email.utils import format_datetime
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from bot.hub import apps, faults, identity, limits, repos
from bot.hub.actors import NOBODY, BadCredentials, authenticate
from bot.hub.hub import Hub
from bot.hub.web import Problem, begin, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BLUEPRINTS = (
    apps.routes,
    identity.routes,
    limits.routes,
    repos.routes,
)
# An Enterprise server answers under these; github.com answers at the root.
PREFIXES = ("/api/v3", "/api")


def create_app(hub: Hub) -> Flask:
    app = Flask(__name__)
    app.url_map.strict_slashes = False
    for routes in BLUEPRINTS:
        app.register_blueprint(routes)

    @app.before_request
    def arrive() -> Response | None:
        begin(hub, NOBODY)
        early = faults.before(hub)
        if early is not None:
            return early
        try:
            begin(hub, authenticate(hub, request.headers.get("Authorization")))
        except BadCredentials as error:
            raise Problem(401, str(error)) from None
        limits.check_secondary()
        limits.check_primary()
        refused: Response | None = g.get("refused")
        return refused

    @app.after_request
    def leave(answer: Response) -> Response:
        answer = faults.after(answer)
        if links := g.get("links"):
            answer.headers.setdefault("Link", links)
        _revalidate(answer)
        with hub.write():
            limits.charge(answer.status_code)
            limits.log_request(answer.status_code)
        answer.headers.update(limits.headers())
        answer.headers["Date"] = format_datetime(hub.clock(), usegmt=True)
        answer.headers["X-GitHub-Request-Id"] = secrets.token_hex(8).upper()
        answer.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        if version := request.headers.get("X-GitHub-Api-Version"):
            answer.headers["X-GitHub-Api-Version-Selected"] = version
        return answer

    @app.errorhandler(Problem)
    def refuse(problem: Problem) -> Response:
        return problem.response()

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        """An address that is not there and a method that is not known are both 404 at GitHub."""
        status = 404 if error.code in (404, 405) else error.code or 500
        return Problem(status, "Not Found" if status == 404 else error.description).response()

    app.wsgi_app = faults.door(_at_any_prefix(app.wsgi_app))  # type: ignore[method-assign, assignment]
    return app


def _revalidate(answer: Response) -> None:
    """Weak tags over the body, as GitHub gives them; who already has this answer gets 304 and pays nothing."""
    if request.method not in ("GET", "HEAD") or answer.status_code != 200 or answer.mimetype != "application/json" or answer.is_streamed:
        return
    private = "private" if current().actor.kind != NOBODY.kind else "public"
    answer.headers["Cache-Control"] = f"{private}, max-age=60, s-maxage=60"
    answer.headers["Vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest(), weak=True)
    if request.if_none_match.contains_weak(answer.get_etag()[0] or ""):
        answer.status_code = 304
        answer.set_data(b"")
        del answer.headers["Content-Length"]
        del answer.headers["Content-Type"]


def _at_any_prefix(inner: "WSGIApplication") -> "WSGIApplication":
    """The same routes at the root and under an Enterprise server's prefix; an absolute-form target is the path in it."""

    def outer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(("http://", "https://")):
            host, _, rest = path.partition("://")[2].partition("/")
            environ["HTTP_HOST"], path = host, f"/{rest}"
        for prefix in PREFIXES:
            if path.startswith(f"{prefix}/"):
                environ["SCRIPT_NAME"], path = environ.get("SCRIPT_NAME", "") + prefix, path.removeprefix(prefix)
                break
        environ["PATH_INFO"] = path
        return inner(environ, start)

    return outer
