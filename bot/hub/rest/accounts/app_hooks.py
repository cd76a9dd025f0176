"""An app's one webhook, as the app itself sets it up and asks what became of it.

https://docs.github.com/rest/apps/webhooks
"""

import sqlite3

from flask import Blueprint, Response

from bot.hub.rest.repositories import hooks
from bot.hub.web.access import signed_in
from bot.hub.web.actors import Actor, Kind
from bot.hub.web.answers import Problem, answered, not_found
from bot.hub.web.context import current

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


@routes.get("/app/hook/config")
def config() -> Response:
    return answered(hooks.config_of(_hook()))


@routes.patch("/app/hook/config")
def configure() -> Response:
    return answered(hooks.config_of(hooks.changed_config(_hook())))


@routes.get("/app/hook/deliveries")
def deliveries() -> Response:
    return hooks.delivered(_hook()["id"])


@routes.get("/app/hook/deliveries/<int:delivery_id>")
def delivery(delivery_id: int) -> Response:
    return hooks.delivery_of(_hook()["id"], delivery_id)


@routes.post("/app/hook/deliveries/<int:delivery_id>/attempts")
def redeliver(delivery_id: int) -> Response:
    return hooks.again(_hook()["id"], delivery_id)
