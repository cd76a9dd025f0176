"""An app's one webhook, as the app itself sets it up and asks what became of it.

https://docs.github.com/rest/apps/webhooks
"""

import sqlite3
from typing import Any

from flask import Blueprint, Response

from bot.hub import hooks
from bot.hub.actors import Actor, Kind
from bot.hub.web import Problem, answered, current, field, json_body, not_found, signed_in

routes = Blueprint("app_hooks", __name__)


def _app() -> Actor:
    actor = signed_in()
    if actor.kind is not Kind.APP:
        raise Problem(401, "A JSON web token could not be decoded")
    return actor


def _hook() -> sqlite3.Row:
    row: sqlite3.Row | None = current().db.execute("select * from hooks where app_id = ?", (_app().app_id,)).fetchone()
    if row is None:
        raise not_found()
    return row


def _config(row: sqlite3.Row) -> dict[str, Any]:
    shown = {"url": row["url"], "content_type": row["content_type"], "insecure_ssl": "0"}
    return shown | ({"secret": "********"} if row["secret"] else {})


@routes.get("/app/hook/config")
def config() -> Response:
    return answered(_config(_hook()))


@routes.patch("/app/hook/config")
def configure() -> Response:
    hook, body, now = _hook(), json_body(), current()
    url = field(body, "url", str)
    if url is not None and not url.startswith(("http://", "https://")):
        raise Problem(
            422, "Validation Failed", [{"resource": "Hook", "code": "custom", "field": "url", "message": "url is not a valid URL"}]
        )
    kept = {name: field(body, name, str) or hook[name] for name in ("url", "secret", "content_type")}
    with now.hub.write() as db:
        db.execute(
            "update hooks set url = :url, secret = :secret, content_type = :content_type, updated_at = :at where id = :id",
            kept | {"at": now.hub.now(), "id": hook["id"]},
        )
    return answered(_config(_hook()))


@routes.get("/app/hook/deliveries")
def deliveries() -> Response:
    return hooks.delivered(_hook()["id"])


@routes.get("/app/hook/deliveries/<int:delivery_id>")
def delivery(delivery_id: int) -> Response:
    return hooks.delivery_of(_hook()["id"], delivery_id)


@routes.post("/app/hook/deliveries/<int:delivery_id>/attempts")
def redeliver(delivery_id: int) -> Response:
    return hooks.again(_hook()["id"], delivery_id)
