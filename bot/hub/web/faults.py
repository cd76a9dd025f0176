"""Trouble on request, as state of the hub: the next calls that fit go wrong in the way that was asked for."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
from flask import Response, request

from bot.hub.store.hub import Hub
from bot.hub.web import limits
from bot.hub.web.answers import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


ON_PURPOSE = "hub.on_purpose"  # in the environ of a request that met a fault
_CUT = "hub.cut"


def door(inner: WSGIApplication) -> WSGIApplication:
    """Stands before the application, where a connection can still end without an answer."""

    def outer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], info: Any = None) -> Any:
            return start("200 OK", [("Content-Length", "99")]) if _CUT in environ else start(status, headers, info)

        answer = inner(environ, begin)
        return _broken(answer) if _CUT in environ else answer

    return outer


def _broken(answer: Iterable[bytes]) -> Iterable[bytes]:
    """In process the client meets a transport's error; on TCP the server, having begun to answer, can only hang up."""
    if close := getattr(answer, "close", None):
        close()
    yield b"{"
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def _add(hub: Hub, kind: str, method: str, path: str, times: int, **data: Any) -> None:
    with hub.write() as db:
        db.execute(
            "insert into faults (method, path, kind, data, remaining) values (?, ?, ?, ?, ?)", (method, path, kind, json.dumps(data), times)
        )


def fail_next(hub: Hub, method: str, path: str, status: int, *, message: str = "Server Error", times: int = 1) -> None:
    """The next `times` calls of `method` whose path has `path` in it answer `status` and do nothing."""
    _add(hub, "status", method, path, times, status=status, message=message)


def fail_after_work(hub: Hub, method: str, path: str, status: int = 502, *, times: int = 1, body: str = "") -> None:
    """They do their work, and then answer `status`. With `body` only those that say this, for GraphQL has one path for all."""
    _add(hub, "after", method, path, times, status=status, body=body)


def cut_connection(hub: Hub, method: str, path: str, *, times: int = 1, after_work: bool = False, body: str = "") -> None:
    """They give no answer at all, having done nothing or, on request, everything."""
    _add(hub, "gone" if after_work else "cut", method, path, times, body=body)


def answer_late(hub: Hub, method: str, path: str, seconds: float, *, times: int = 1) -> None:
    """They answer as they should, after so many real seconds: for clients' time limits."""
    _add(hub, "late", method, path, times, seconds=seconds)


def refuse_mutation(hub: Hub, name: str, *, times: int = 1) -> None:
    """GraphQL will not do it for this actor; other mutations of the same request are done."""
    _add(hub, "refusal", "MUTATION", name, times)


def is_refused(hub: Hub, mutation: str) -> bool:
    """Whether such a refusal was asked for, used up by one."""
    found = "select 1 from faults where remaining > 0 and kind = 'refusal' and path = ?"
    if hub.db().execute(found, (mutation,)).fetchone() is None:
        return False
    with hub.write() as db:
        db.execute("update faults set remaining = remaining - 1 where kind = 'refusal' and path = ? and remaining > 0", (mutation,))
    return True


def exhaust_primary(hub: Hub, actor_login: str, reset_in_seconds: int, *, resource: str = "core") -> None:
    """The actor has used up its hour; the next begins after so many seconds of the hub's clock."""
    with hub.write() as db:
        db.execute("insert or replace into meters values (?, ?, 5000, 5000, ?)", (actor_login, resource, hub.later(reset_in_seconds)))


def waiting(hub: Hub) -> list[str]:
    """Trouble that was asked for and that nothing has met yet."""
    rows = hub.db().execute("select * from faults where remaining > 0 order by id")
    return [f"{row['kind']} {row['method']} {row['path']} x{row['remaining']}" for row in rows]


def forget(hub: Hub) -> None:
    """From here on nothing goes wrong that was asked for before."""
    with hub.write() as db:
        db.execute("update faults set remaining = 0")


def secondary_limit(
    hub: Hub, method: str = "", path: str = "", *, times: int = 1, retry_after: int | None = None, status: int = 403, body: str = ""
) -> None:
    """`status` 403 or 429, or 200 for GraphQL, as https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit has it."""
    _add(hub, "secondary", method, path, times, retry_after=retry_after, status=status, body=body)


def lose_webhooks(hub: Hub, share: float, random: Random) -> None:
    _switch(hub, "lose", share, random)


def double_webhooks(hub: Hub, share: float, random: Random) -> None:
    _switch(hub, "double", share, random)


def reorder_webhooks(hub: Hub, random: Random) -> None:
    _switch(hub, "reorder", 1, random)


def _switch(hub: Hub, name: str, value: float, random: Random) -> None:
    with hub.write() as db:
        for key, one in ((name, value), ("seed", random.randrange(2**31))):
            db.execute("insert or replace into switches values (?, ?)", (f"webhooks.{key}", json.dumps(one)))


def due(hub: Hub) -> sqlite3.Row | None:
    """The fault that this request meets, used up by one."""
    if not hub.db().execute("select 1 from faults where remaining > 0 limit 1").fetchone():
        return None
    said = request.get_data(as_text=True) if request.path.endswith("/graphql") else ""
    with hub.write() as db:
        row: sqlite3.Row | None = db.execute(
            """select * from faults where remaining > 0 and (method = ? or method = '') and instr(?, path) > 0
               and instr(?, coalesce(json_extract(data, '$.body'), '')) > 0 order by id limit 1""",
            (request.method, request.path, said),
        ).fetchone()
        if row is not None:
            db.execute("update faults set remaining = remaining - 1 where id = ?", (row["id"],))
            request.environ[ON_PURPOSE] = True
    return row


def before_work(row: sqlite3.Row | None) -> Response | None:
    if row is None:
        return None
    data = json.loads(row["data"])
    match row["kind"]:
        case "status":
            raise Problem(data["status"], data["message"])
        case "cut":
            request.environ[_CUT] = True
            raise Problem(503)  # nobody hears it
        case "secondary":
            return limits.secondary(data["retry_after"], data["status"])
        case "late":
            time.sleep(data["seconds"])
    return None


def after_work(row: sqlite3.Row | None, response: Response) -> Response:
    if row is not None and row["kind"] == "gone":
        request.environ[_CUT] = True
    if row is not None and row["kind"] == "after":
        return Problem(json.loads(row["data"])["status"], "Server Error").response()
    return response
