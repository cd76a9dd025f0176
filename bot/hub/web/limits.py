"""Rate limits: the hourly budget that every answer shows, and the secondary limits when they are switched on.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import json
import sqlite3
from datetime import datetime, timedelta

from flask import Response, g, request

from bot.hub.store.hub import Hub, stamp
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered
from bot.hub.web.context import current

PER_HOUR = {"core": 5000, "graphql": 5000, "search": 30}
CONTENT_PER_MINUTE, CONTENT_PER_HOUR, POINTS_PER_MINUTE = 80, 500, 900
ABOUT = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
UNCOUNTED = ("app_forms", "coverage", "forms", "git_http", "pages")
"""Blueprints that are no part of the API."""
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_CREATING = ("/issues", "/pulls", "/comments", "/reviews", "/merge", "/check-runs", "/sub_issues", "/blocked_by")
_CREATING_MUTATIONS = (b"addComment", b"createIssue", b"createPullRequest", b"addPullRequestReview", b"mergePullRequest")


def resource() -> str:
    if request.path.endswith("/graphql"):
        return "graphql"
    return "search" if "/search/" in request.path else "core"


def creates_content() -> bool:
    """Whether GitHub counts this among what people are notified of."""
    if resource() == "graphql":
        return any(name in request.get_data() for name in _CREATING_MUTATIONS)
    return request.method in ("POST", "PUT") and request.path.endswith(_CREATING)


def meter(hub: Hub, db: sqlite3.Connection, actor: str, name: str) -> tuple[int, int, str]:
    """What may be used in this window, what was used, and when the next one begins."""
    row = db.execute("select * from meters where actor = ? and resource = ?", (actor, name)).fetchone()
    if row is None or row["resets_at"] <= hub.now():
        window = timedelta(minutes=1) if name == "search" else timedelta(hours=1)
        return PER_HOUR[name], 0, stamp(hub.clock() + window)
    return row["ceiling"], row["used"], row["resets_at"]


def check() -> Response | None:
    """An empty budget is refused before any work is done; nobody signed in is not counted, since pages and git are free."""
    now = current()
    if now.actor.kind is Kind.ANONYMOUS or request.path.endswith("/rate_limit") or request.blueprint in UNCOUNTED:
        return None
    _check_secondary()
    name = resource()
    most, used, _ = meter(now.hub, now.db, now.actor.login, name)
    if used < most:
        return None
    g.free_of_charge = True
    message = f"API rate limit exceeded for user ID {now.actor.user_id}."
    if name == "graphql":  # GraphQL tells even this with 200
        return answered({"errors": [{"type": "RATE_LIMITED", "message": message}]})
    raise Problem(403, message, documentation_url=f"{ABOUT}#about-primary-rate-limits")


def charge(response: Response) -> None:
    """Writes the request down, counts what it cost, and shows what is left. An answer of 304 is free, and so is a refusal."""
    now, name = current(), resource()
    hub, actor = now.hub, now.actor.login
    free = response.status_code == 304 or request.path.endswith("/rate_limit") or g.get("free_of_charge", False)
    with hub.write() as db:
        most, used, resets_at = meter(hub, db, actor, name)
        if not free:
            used += 1
            db.execute("insert or replace into meters values (?, ?, ?, ?, ?)", (actor, name, used, most, resets_at))
        db.execute(
            "insert into requests (at, actor, method, path, route, status, resource, creates_content) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (hub.now(), actor, request.method, request.path, str(request.url_rule), response.status_code, name, creates_content()),
        )
    reset = int(datetime.fromisoformat(resets_at.replace("Z", "+00:00")).timestamp())
    for title, value in (("Limit", most), ("Remaining", max(0, most - used)), ("Used", used), ("Reset", reset), ("Resource", name)):
        response.headers[f"X-RateLimit-{title}"] = str(value)


def enforce_secondary(hub: Hub, *, retry_after: int | None = 60) -> None:
    """From here on content and points are counted as GitHub says it counts them. None leaves `retry-after` out, as GitHub often does."""
    with hub.write() as db:
        db.execute("insert or replace into switches values ('secondary', ?)", (json.dumps(retry_after),))


def _check_secondary() -> None:
    now = current()
    switch = now.db.execute("select value from switches where name = 'secondary'").fetchone()
    if switch is None:
        return
    asker, minute, hour = now.actor.login, now.hub.later(-60), now.hub.later(-3600)
    points = now.db.execute(
        """select coalesce(sum(case when resource = 'graphql' or method in ('GET', 'HEAD', 'OPTIONS') then 1 else 5 end), 0)
           from requests where actor = ? and at > ?""",
        (asker, minute),
    ).fetchone()[0]
    over = points >= POINTS_PER_MINUTE
    if not over and creates_content():
        sql = "select count(*) from requests where actor = ? and at > ? and creates_content and status < 400"
        over = now.db.execute(sql, (asker, minute)).fetchone()[0] >= CONTENT_PER_MINUTE
        over = over or now.db.execute(sql, (asker, hour)).fetchone()[0] >= CONTENT_PER_HOUR
    if over:
        raise _too_much(json.loads(switch["value"]), 403)


def secondary(retry_after: int | None, status: int) -> Response:
    """Of GraphQL also with 200: https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit"""
    problem = _too_much(retry_after, status)
    if status != 200:
        raise problem
    response = answered({"errors": [{"message": _SECONDARY}]})
    response.headers.update(problem.headers)
    return response


def _too_much(retry_after: int | None, status: int) -> Problem:
    g.free_of_charge = True
    wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Problem(status, _SECONDARY, documentation_url=f"{ABOUT}#about-secondary-rate-limits", headers=wait)
