"""Trouble on request, as state of the hub: the next calls that fit go wrong in the way that was asked for."""

import json
import sqlite3
from random import Random
from typing import Any

from flask import Response, request

from bot.hub.hub import Hub
from bot.hub.web import Problem


class ConnectionCut(Exception):
    """Raised through WSGI so that an in-process client sees a transport error, as a cut connection is one."""


def _add(hub: Hub, kind: str, method: str, path: str, times: int, **data: Any) -> None:
    with hub.write() as db:
        db.execute(
            "insert into faults (method, path, kind, data, remaining) values (?, ?, ?, ?, ?)", (method, path, kind, json.dumps(data), times)
        )


def fail_next(hub: Hub, method: str, path: str, status: int, *, message: str = "Server Error", times: int = 1) -> None:
    """The next `times` calls of `method` whose path has `path` in it answer `status` and do nothing."""
    _add(hub, "status", method, path, times, status=status, message=message)


def fail_after_work(hub: Hub, method: str, path: str, status: int = 502, *, times: int = 1) -> None:
    """They do their work, and then answer `status`."""
    _add(hub, "after", method, path, times, status=status)


def cut_connection(hub: Hub, method: str, path: str, *, times: int = 1) -> None:
    """They do nothing and give no answer at all."""
    _add(hub, "cut", method, path, times)


def secondary_limit(hub: Hub, *, times: int = 1, retry_after: int | None = None) -> None:
    _add(hub, "secondary", "", "", times, retry_after=retry_after)


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
    with hub.write() as db:
        row: sqlite3.Row | None = db.execute(
            "select * from faults where remaining > 0 and (method = ? or method = '') and instr(?, path) > 0 order by id limit 1",
            (request.method, request.path),
        ).fetchone()
        if row is not None:
            db.execute("update faults set remaining = remaining - 1 where id = ?", (row["id"],))
    return row


def before_work(row: sqlite3.Row | None) -> None:
    if row is None:
        return
    data = json.loads(row["data"])
    match row["kind"]:
        case "status":
            raise Problem(data["status"], data["message"])
        case "cut":
            raise ConnectionCut
        case "secondary":
            wait = {"Retry-After": str(data["retry_after"])} if data["retry_after"] is not None else {}
            raise Problem(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", headers=wait)


def after_work(row: sqlite3.Row | None, response: Response) -> Response:
    if row is not None and row["kind"] == "after":
        return Problem(json.loads(row["data"])["status"], "Server Error").response()
    return response
