"""Secrets of an environment: sealed for the environment's own key, given to those jobs alone that name it.

https://docs.github.com/rest/actions/secrets#list-environment-secrets
"""

import sqlite3

from flask import Blueprint, Response

from bot.hub.rest.actions.environments import environment_of
from bot.hub.rest.actions.secrets import SHOWN, checked_name, public_half, sealed_for
from bot.hub.web.access import repository, require
from bot.hub.web.answers import answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("environment_secrets", __name__)
_SECRETS = "/repos/<owner>/<name>/environments/<environment>/secrets"


def _environment(owner: str, name: str, environment: str, level: str) -> sqlite3.Row:
    repo = repository(owner, name)
    require(repo, "environments", level)
    return environment_of(repo, environment)


@routes.get(_SECRETS)
def listed(owner: str, name: str, environment: str) -> Response:
    row = _environment(owner, name, environment, "read")
    count = current().db.execute("select count(*) from environment_secrets where environment_id = ?", (row["id"],)).fetchone()[0]
    rows = paged_query("select * from environment_secrets where environment_id = ? order by name", (row["id"],))
    return answered({"total_count": count, "secrets": [{key: one[key] for key in SHOWN} for one in rows]})


@routes.get(f"{_SECRETS}/public-key")
def public_key(owner: str, name: str, environment: str) -> Response:
    return answered(public_half(_environment(owner, name, environment, "read")))


@routes.get(f"{_SECRETS}/<secret>")
def one(owner: str, name: str, environment: str, secret: str) -> Response:
    row = _environment(owner, name, environment, "read")
    where = (row["id"], secret.upper())
    found = current().db.execute("select * from environment_secrets where environment_id = ? and name = ?", where).fetchone()
    if found is None:
        raise not_found()
    return answered({key: found[key] for key in SHOWN})


@routes.put(f"{_SECRETS}/<secret>")
def put(owner: str, name: str, environment: str, secret: str) -> Response:
    row, body, at = _environment(owner, name, environment, "write"), json_body(), current().hub.now()
    wanted, sealed = checked_name(secret), sealed_for(row, body)
    with current().hub.write() as db:
        changed = db.execute(
            "update environment_secrets set sealed = ?, updated_at = ? where environment_id = ? and name = ?",
            (sealed, at, row["id"], wanted),
        ).rowcount
        if not changed:
            db.execute("insert into environment_secrets values (?, ?, ?, ?, ?)", (row["id"], wanted, sealed, at, at))
    return nothing() if changed else created({})


@routes.delete(f"{_SECRETS}/<secret>")
def delete(owner: str, name: str, environment: str, secret: str) -> Response:
    row = _environment(owner, name, environment, "write")
    with current().hub.write() as db:
        done = db.execute("delete from environment_secrets where environment_id = ? and name = ?", (row["id"], secret.upper())).rowcount
    if not done:
        raise not_found()
    return nothing()
