"""Rate limits: the hourly budget that every answer shows, and the secondary limits when they are switched on."""

import json
import sqlite3
from datetime import datetime, timedelta

from flask import Blueprint, Response, g, request

from bot.hub.hub import Hub, stamp
from bot.hub.web import Kind, Problem, answered, current

routes = Blueprint("limits", __name__)
PER_HOUR = {"core": 5000, "graphql": 5000, "search": 30}
ANONYMOUS_PER_HOUR = 60
CONTENT_PER_MINUTE, CONTENT_PER_HOUR, POINTS_PER_MINUTE = 80, 500, 900
ABOUT_LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
# What people are told about: the creations that GitHub counts apart from other requests.
CREATES_CONTENT = {
    "/repos/<owner>/<name>/issues",
    "/repos/<owner>/<name>/issues/<int:number>/comments",
    "/repos/<owner>/<name>/pulls",
    "/repos/<owner>/<name>/pulls/<int:number>/reviews",
    "/repos/<owner>/<name>/pulls/<int:number>/comments",
    "/repos/<owner>/<name>/pulls/<int:number>/merge",
    "/repos/<owner>/<name>/check-runs",
    "/repos/<owner>/<name>/issues/<int:number>/sub_issues",
    "/repos/<owner>/<name>/issues/<int:number>/dependencies/blocked_by",
}


def resource() -> str:
    if request.path == "/graphql":
        return "graphql"
    return "search" if request.path.startswith("/search/") else "core"


def key_of_actor() -> str:
    actor = current().actor
    return actor.login or "anonymous"


def ceiling(name: str) -> int:
    return ANONYMOUS_PER_HOUR if current().actor.kind is Kind.ANONYMOUS and name == "core" else PER_HOUR[name]


def _window(name: str) -> timedelta:
    return timedelta(minutes=1) if name == "search" else timedelta(hours=1)


def meter(hub: Hub, db: sqlite3.Connection, actor: str, name: str, most: int) -> tuple[int, int, str]:
    """What may be used in this window, what was, and when the next one begins."""
    row = db.execute("select * from meters where actor = ? and resource = ?", (actor, name)).fetchone()
    if row is None or row["resets_at"] <= hub.now():
        return most, 0, stamp(hub.clock() + _window(name))
    return row["ceiling"], row["used"], row["resets_at"]


def check_primary() -> None:
    """An empty budget is refused before any work is done. Nobody signed in is not counted: pages and git are free."""
    now = current()
    if request.path == "/rate_limit" or now.actor.kind is Kind.ANONYMOUS:
        return
    name = resource()
    most, used, _ = meter(now.hub, now.db, key_of_actor(), name, ceiling(name))
    if used < most:
        return
    g.free_of_charge = True
    message = f"API rate limit exceeded for user ID {now.actor.user_id}."
    if name != "graphql":
        raise Problem(403, message, documentation_url=ABOUT_LIMITS)
    g.refused = answered({"errors": [{"type": "RATE_LIMITED", "message": message}]})


def charge(status: int) -> None:
    """After the answer: an unchanged answer, the question about limits and a refusal cost nothing."""
    now = current()
    name = resource()
    actor, most = key_of_actor(), ceiling(name)
    free = status == 304 or request.path == "/rate_limit" or g.get("free_of_charge", False) or now.actor.kind is Kind.ANONYMOUS
    most, used, resets_at = meter(now.hub, now.db, actor, name, most)
    cost = 0 if free else int(g.get("cost", 1))
    if cost:
        used += cost
        now.db.execute(
            "insert or replace into meters (actor, resource, used, ceiling, resets_at) values (?, ?, ?, ?, ?)",
            (actor, name, used, most, resets_at),
        )
    g.rate = (most, used, resets_at, name)


def headers() -> dict[str, str]:
    most, used, resets_at, name = g.rate
    return {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(max(0, most - used)),
        "X-RateLimit-Used": str(used),
        "X-RateLimit-Reset": str(_seconds(resets_at)),
        "X-RateLimit-Resource": name,
    }


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def enforce_secondary(hub: Hub, *, retry_after: int | None = 60) -> None:
    """From here on the hub counts content and points as GitHub says it does. `retry_after` None leaves the header out."""
    with hub.write() as db:
        db.execute("insert or replace into switches (name, value) values ('secondary', ?)", (json.dumps({"retry_after": retry_after}),))


def check_secondary() -> None:
    now = current()
    switch = now.db.execute("select value from switches where name = 'secondary'").fetchone()
    if switch is None or now.actor.kind is Kind.ANONYMOUS:
        return
    minute, hour = stamp(now.hub.clock() - timedelta(minutes=1)), stamp(now.hub.clock() - timedelta(hours=1))
    content = "select count(*) from requests where actor = ? and at > ? and creates_content"
    asked = (key_of_actor(),)
    points = now.db.execute(
        "select coalesce(sum(case when resource = 'graphql' then 1 when method in ('GET', 'HEAD', 'OPTIONS') then 1 else 5 end), 0) "
        "from requests where actor = ? and at > ?",
        (*asked, minute),
    ).fetchone()[0]
    over = points >= POINTS_PER_MINUTE
    if creates_content():
        over = over or now.db.execute(content, (*asked, minute)).fetchone()[0] >= CONTENT_PER_MINUTE
        over = over or now.db.execute(content, (*asked, hour)).fetchone()[0] >= CONTENT_PER_HOUR
    if over:
        raise secondary_problem(json.loads(switch["value"])["retry_after"])


def secondary_problem(retry_after: int | None) -> Problem:
    g.free_of_charge = True
    wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Problem(403, SECONDARY, documentation_url=f"{ABOUT_LIMITS}#about-secondary-rate-limits", headers=wait)


def creates_content() -> bool:
    route = request.url_rule.rule if request.url_rule else ""
    return request.method in ("POST", "PUT") and route in CREATES_CONTENT


def log_request(status: int) -> None:
    now = current()
    now.db.execute(
        "insert into requests (at, actor, method, path, route, status, resource, creates_content) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            now.hub.now(),
            key_of_actor(),
            request.method,
            request.full_path.rstrip("?"),
            request.url_rule.rule if request.url_rule else None,
            status,
            resource(),
            status < 400 and (creates_content() or bool(g.get("creates_content", False))),
        ),
    )


@routes.get("/rate_limit")
def overview() -> Response:
    now = current()
    resources = {}
    for name in PER_HOUR:
        most, used, resets_at = meter(now.hub, now.db, key_of_actor(), name, ceiling(name))
        resources[name] = {"limit": most, "used": used, "remaining": max(0, most - used), "reset": _seconds(resets_at)}
    return answered({"resources": resources, "rate": resources["core"]})
