"""Trouble on request, as state: refused, late, lost or half-done answers, and limits that are reached."""

import json
import sqlite3
import time
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
from flask import Response, g, request

from bot.hub.hub import Hub
from bot.hub.limits import secondary_problem
from bot.hub.web import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CUT = "hub.cut"


def fail_next(hub: Hub, method: str, path_fragment: str, status: int, *, message: str | None = None, times: int = 1) -> None:
    """The next such requests are refused and do nothing."""
    _add(hub, method, path_fragment, "status", times, status=status, message=message)


def answer_late(hub: Hub, method: str, path_fragment: str, seconds: float, *, times: int = 1) -> None:
    """The next such requests are answered properly, but only after real seconds: for clients' timeouts."""
    _add(hub, method, path_fragment, "late", times, seconds=seconds)


def fail_after_work(hub: Hub, method: str, path_fragment: str, *, status: int = 502, times: int = 1) -> None:
    """The next such requests do their work and are then answered as failed: the sender cannot know."""
    _add(hub, method, path_fragment, "after", times, status=status)


def cut_connection(hub: Hub, method: str, path_fragment: str, *, after_work: bool = False, times: int = 1) -> None:
    """The next such requests get no answer: the connection ends, before or after the work was done."""
    _add(hub, method, path_fragment, "cut", times, after_work=after_work)


def secondary_limit(hub: Hub, times: int = 1, *, retry_after: int | None = None, method: str = "*", path_fragment: str = "") -> None:
    """The next requests hit the secondary rate limit, with or without being told how long to wait."""
    _add(hub, method, path_fragment, "secondary", times, retry_after=retry_after)


def exhaust_primary(hub: Hub, actor_login: str, reset_in_seconds: int, *, resource: str = "core") -> None:
    """The actor has used up its hour; a new one begins after so many seconds of the hub's clock."""
    resets_at = hub.later(reset_in_seconds)
    with hub.write() as db:
        db.execute(
            "insert or replace into meters (actor, resource, used, ceiling, resets_at) values (?, ?, 5000, 5000, ?)",
            (actor_login, resource, resets_at),
        )


def lose_webhooks(hub: Hub, share: float, random: Random) -> None:
    """From here on this share of deliveries is never sent, and nobody is told."""
    hub.unrest["lose"] = (share, random)


def double_webhooks(hub: Hub, share: float, random: Random) -> None:
    hub.unrest["double"] = (share, random)


def reorder_webhooks(hub: Hub, random: Random) -> None:
    hub.unrest["reorder"] = (1.0, random)


def clear(hub: Hub) -> None:
    """All is well again."""
    hub.unrest.clear()
    with hub.write() as db:
        db.execute("delete from faults")
        db.execute("delete from switches")


def waiting(hub: Hub) -> list[sqlite3.Row]:
    """Faults that nothing has run into yet."""
    return hub.db().execute("select * from faults where remaining > 0").fetchall()


def _add(hub: Hub, method: str, path: str, kind: str, times: int, **data: Any) -> None:
    with hub.write() as db:
        db.execute(
            "insert into faults (method, path, kind, data, remaining) values (?, ?, ?, ?, ?)", (method, path, kind, json.dumps(data), times)
        )


def _take(hub: Hub) -> tuple[str, dict[str, Any]] | None:
    """The first fault that this request runs into, used up by it."""
    where = "select * from faults where remaining > 0 and method in (?, '*') and instr(?, path) > 0 order by id limit 1"
    asked = (request.method, request.full_path.rstrip("?"))
    if hub.db().execute(where, asked).fetchone() is None:
        return None
    with hub.write() as db:
        row = db.execute(where, asked).fetchone()
        if row is None:
            return None
        db.execute("update faults set remaining = remaining - 1 where id = ?", (row["id"],))
    return row["kind"], json.loads(row["data"])


def before(hub: Hub) -> Response | None:
    taken = _take(hub)
    if taken is None:
        return None
    kind, data = taken
    if kind == "status":
        g.free_of_charge = True
        raise Problem(data["status"], data["message"])
    if kind == "secondary":
        raise secondary_problem(data["retry_after"])
    if kind == "late":
        time.sleep(data["seconds"])
    elif kind == "after":
        g.failed_after = data["status"]
    elif kind == "cut":
        request.environ[CUT] = True
        if not data["after_work"]:
            return Response(status=503)
    return None


def after(answer: Response) -> Response:
    status = g.get("failed_after")
    return Problem(status, "Server Error").response() if status else answer


def door(inner: "WSGIApplication") -> "WSGIApplication":
    """Stands before the application so that a connection can end without an answer."""

    def outer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], info: Any = None) -> Any:
            return start("200 OK", [("Content-Length", "99")]) if CUT in environ else start(status, headers, info)

        answer = inner(environ, begin)
        return _half(answer) if CUT in environ else answer

    return outer


def _half(answer: Iterable[bytes]) -> Iterable[bytes]:
    close = getattr(answer, "close", None)
    if close:
        close()
    yield b"{"  # over TCP the server has begun to answer and now can only hang up
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
