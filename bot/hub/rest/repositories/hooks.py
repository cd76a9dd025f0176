"""Webhooks over REST: making them, asking what was delivered, and asking for it again.

https://docs.github.com/rest/repos/webhooks
"""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, words
from bot.hub.web.paging import page_asked, paged_query
from bot.hub.webhooks import deliveries as webhook_deliveries

routes = Blueprint("hooks", __name__)
_REPO = "/repos/<owner>/<name>/hooks"
_ZEN = "Keep it logically awesome."


def _shown(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    base = f"{links.root()}/repos/{repository_shapes.full_name(repo)}/hooks/{row['id']}"
    last = (
        current().db.execute("select * from deliveries where hook_id = ? and status != 'pending' order by id desc", (row["id"],)).fetchone()
    )
    return {
        "type": "Repository", "id": row["id"], "name": "web", "active": bool(row["active"]), "events": json.loads(row["events"]),
        "config": config_of(row), "updated_at": row["updated_at"], "created_at": row["created_at"],
        "url": base, "test_url": f"{base}/test", "ping_url": f"{base}/pings", "deliveries_url": f"{base}/deliveries",
        "last_response": {
            "code": last["status_code"] if last else None, "status": ("active" if last["status"] == "OK" else "invalid") if last else "unused",
            "message": last["status"] if last else None,
        },
    }  # fmt: skip


def _asked(owner: str, name: str, level: str, hook_id: int | None = None) -> tuple[sqlite3.Row, Any]:
    repo = repository(owner, name)
    require(repo, "repository_hooks", level)
    row = current().db.execute("select * from hooks where id = ? and repo_id = ?", (hook_id, repo["id"])).fetchone()
    if hook_id is not None and row is None:
        raise not_found()
    return repo, row


@routes.get(_REPO)
def listed(owner: str, name: str) -> Response:
    repo, _ = _asked(owner, name, "read")
    return answered([_shown(repo, row) for row in paged_query("select * from hooks where repo_id = ? order by id", (repo["id"],))])


@routes.post(_REPO)
def make(owner: str, name: str) -> Response:
    repo, _ = _asked(owner, name, "write")
    body, now = json_body(), current()
    config: dict[str, Any] = field(body, "config", dict, required=True)
    url = config.get("url")
    _sendable(url)
    events = words(body, "events") or ["push"]
    at = now.hub.now()
    with now.hub.write() as db:
        if any(
            row["events"] == json.dumps(events)
            for row in db.execute("select * from hooks where repo_id = ? and url = ?", (repo["id"], url))
        ):
            raise Problem(
                422, "Validation Failed", [{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}]
            )
        row = db.execute(
            "insert into hooks (repo_id, url, secret, content_type, events, active, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (
                repo["id"],
                url,
                config.get("secret"),
                config.get("content_type", "form"),
                json.dumps(events),
                body.get("active", True),
                at,
                at,
            ),
        ).fetchone()
        _ping(repo, row)
    return created(_shown(repo, row))


def _ping(repo: sqlite3.Row, row: sqlite3.Row) -> None:
    now = current()
    payload = {"zen": _ZEN, "hook_id": row["id"], "hook": _shown(repo, row)}
    webhook_deliveries.queue(now.hub, row, "ping", None, repo["id"], payload, now.actor.user_id)


@routes.get(f"{_REPO}/<int:hook_id>")
def one(owner: str, name: str, hook_id: int) -> Response:
    return answered(_shown(*_asked(owner, name, "read", hook_id)))


@routes.patch(f"{_REPO}/<int:hook_id>")
def change(owner: str, name: str, hook_id: int) -> Response:
    _, row = _asked(owner, name, "write", hook_id)
    body, now = json_body(), current()
    config: dict[str, Any] = field(body, "config", dict) or {}
    events = set(words(body, "events") or json.loads(row["events"])) | set(words(body, "add_events") or [])
    events -= set(words(body, "remove_events") or [])
    active = field(body, "active", bool)
    with now.hub.write() as db:
        db.execute(
            "update hooks set url = ?, secret = ?, content_type = ?, events = ?, active = ?, updated_at = ? where id = ?",
            (
                config.get("url", row["url"]), config.get("secret", row["secret"]), config.get("content_type", row["content_type"]),
                json.dumps(sorted(events)), row["active"] if active is None else active, now.hub.now(), hook_id,
            ),
        )  # fmt: skip
    return answered(_shown(*_asked(owner, name, "write", hook_id)))


@routes.delete(f"{_REPO}/<int:hook_id>")
def delete(owner: str, name: str, hook_id: int) -> Response:
    _asked(owner, name, "write", hook_id)
    with current().hub.write() as db:
        db.execute("delete from deliveries where hook_id = ?", (hook_id,))
        db.execute("delete from hooks where id = ?", (hook_id,))
    return nothing()


@routes.get(f"{_REPO}/<int:hook_id>/config")
def config(owner: str, name: str, hook_id: int) -> Response:
    return answered(config_of(_asked(owner, name, "read", hook_id)[1]))


@routes.patch(f"{_REPO}/<int:hook_id>/config")
def configure(owner: str, name: str, hook_id: int) -> Response:
    return answered(config_of(changed_config(_asked(owner, name, "write", hook_id)[1])))


def config_of(row: sqlite3.Row) -> dict[str, Any]:
    """Where a hook sends to; a secret is never shown again."""
    shown = {"url": row["url"], "content_type": row["content_type"], "insecure_ssl": "0"}
    return shown | ({"secret": "********"} if row["secret"] else {})


def changed_config(hook: sqlite3.Row) -> sqlite3.Row:
    """The hook after what the request asks for; what it does not name stays."""
    body, now = json_body(), current()
    kept = {key: field(body, key, str) or hook[key] for key in ("url", "secret", "content_type")}
    _sendable(kept["url"])
    with now.hub.write() as db:
        row: sqlite3.Row = db.execute(
            "update hooks set url = :url, secret = :secret, content_type = :content_type, updated_at = :at where id = :id returning *",
            kept | {"at": now.hub.now(), "id": hook["id"]},
        ).fetchone()
    return row


def _sendable(url: Any) -> None:
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        fault = {"resource": "Hook", "code": "custom", "field": "url", "message": "url is not a valid URL"}
        raise Problem(422, "Validation Failed", [fault])


@routes.post(f"{_REPO}/<int:hook_id>/pings")
def ping(owner: str, name: str, hook_id: int) -> Response:
    _ping(*_asked(owner, name, "read", hook_id))
    return nothing()


@routes.get(f"{_REPO}/<int:hook_id>/deliveries")
def deliveries(owner: str, name: str, hook_id: int) -> Response:
    _asked(owner, name, "read", hook_id)
    return delivered(hook_id)


@routes.get(f"{_REPO}/<int:hook_id>/deliveries/<int:delivery_id>")
def delivery(owner: str, name: str, hook_id: int, delivery_id: int) -> Response:
    _asked(owner, name, "read", hook_id)
    return delivery_of(hook_id, delivery_id)


@routes.post(f"{_REPO}/<int:hook_id>/deliveries/<int:delivery_id>/attempts")
def redeliver(owner: str, name: str, hook_id: int, delivery_id: int) -> Response:
    _asked(owner, name, "write", hook_id)
    return again(hook_id, delivery_id)


def _item(row: sqlite3.Row) -> dict[str, Any]:
    app = current().db.execute(
        "select installations.id from installations join hooks on hooks.app_id = installations.app_id where hooks.id = ?", (row["hook_id"],)
    )
    installed = app.fetchone()
    return {
        "id": row["id"], "guid": row["guid"], "delivered_at": row["delivered_at"], "redelivery": bool(row["redelivery"]),
        "duration": round(row["duration"], 2), "status": row["status"], "status_code": row["status_code"], "event": row["event"],
        "action": row["action"], "installation_id": installed["id"] if installed else None, "repository_id": row["repo_id"], "throttled_at": None,
    }  # fmt: skip


def delivered(hook_id: int) -> Response:
    """Newest first, paged by cursor; what is still waiting or was lost on the way is not in GitHub's list either."""
    _, size = page_asked()
    where, given = ["hook_id = ?", "status not in ('pending', 'lost')"], [hook_id]
    if (cursor := request.args.get("cursor", "")).isdigit():
        where.append("id < ?")
        given.append(int(cursor))
    if (status := request.args.get("status")) in ("success", "failure"):
        where.append("status = 'OK'" if status == "success" else "status != 'OK'")
    rows = (
        current()
        .db.execute(f"select * from deliveries where {' and '.join(where)} order by id desc limit ?", (*given, size + 1))
        .fetchall()
    )
    answer = answered([_item(row) for row in rows[:size]])
    if len(rows) > size:
        answer.headers["Link"] = f'<{request.base_url}?per_page={size}&cursor={rows[size - 1]["id"]}>; rel="next"'
    return answer


def _row(hook_id: int, delivery_id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current()
        .db.execute(
            "select deliveries.*, url, secret, app_id from deliveries join hooks on hooks.id = hook_id where hook_id = ? and deliveries.id = ?",
            (hook_id, delivery_id),
        )
        .fetchone()
    )
    if row is None:
        raise not_found()
    return row


def delivery_of(hook_id: int, delivery_id: int) -> Response:
    row = _row(hook_id, delivery_id)
    asked = {"headers": webhook_deliveries.headers_for(row), "payload": json.loads(row["payload"])}
    return answered(_item(row) | {"url": row["url"], "request": asked, "response": {"headers": {}, "payload": row["response"]}})


def again(hook_id: int, delivery_id: int) -> Response:
    """A new attempt has a row of its own and the guid of the first."""
    row, now = _row(hook_id, delivery_id), current()
    with now.hub.write() as db:
        db.execute(
            "insert into deliveries (hook_id, guid, event, action, repo_id, payload, redelivery, delivered_at) values (?, ?, ?, ?, ?, ?, 1, ?)",
            (hook_id, row["guid"], row["event"], row["action"], row["repo_id"], row["payload"], now.hub.now()),
        )
    return answered({}, 202)
