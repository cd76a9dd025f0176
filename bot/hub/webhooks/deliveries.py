"""Webhooks: signed, queued, sent when told to; lossy, doubled or out of order when asked to be.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import sqlite3
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import Any

from flask import Flask, has_app_context

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import node_ids
from bot.hub.store.hub import Hub
from bot.hub.web.actors import NOBODY
from bot.hub.web.context import begin
from bot.hub.web.media import plainly

_PATIENCE = 10
Send = Callable[[str, Mapping[str, str], bytes], int]


def emit(hub: Hub, event: str, action: str | None, repo_id: int, payload: Mapping[str, Any], sender_id: int) -> None:
    """Queues one delivery for each hook that wants the event."""
    for hook in wanted(hub.db(), repo_id, event):
        queue(hub, hook, event, action, repo_id, payload, sender_id)


def wanted(db: sqlite3.Connection, repo_id: int, event: str) -> list[sqlite3.Row]:
    """The hooks that will be told: the repository's own, and those of the apps that are installed on it."""
    hooks = db.execute("select * from hooks where active and (repo_id = ? or app_id is not null)", (repo_id,)).fetchall()
    told = [hook for hook in hooks if {"*", event} & set(json.loads(hook["events"]))]
    return [hook for hook in told if hook["app_id"] is None or _installed(db, hook["app_id"], repo_id) is not None]


def _installed(db: sqlite3.Connection, app_id: int, repo_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "select * from installations where app_id = ? and account_id = (select owner_id from repositories where id = ?)", (app_id, repo_id)
    ).fetchone()
    if row is None or (row["repositories"] and repo_id not in json.loads(row["repositories"])):
        return None
    return row


def queue(hub: Hub, hook: sqlite3.Row, event: str, action: str | None, repo_id: int, payload: Mapping[str, Any], sender_id: int) -> None:
    """One delivery, to be sent when the hub is told to send."""
    with hub.write() as db:
        body = {**({"action": action} if action else {}), **payload, **_about(hub, db, repo_id, sender_id)}
        installed = hook["app_id"] and _installed(db, hook["app_id"], repo_id)
        if installed:
            body["installation"] = {"id": installed["id"], "node_id": node_ids.encode("Installation", installed["id"])}
        db.execute(
            "insert into deliveries (hook_id, guid, event, action, repo_id, payload, delivered_at) values (?, ?, ?, ?, ?, ?, ?)",
            (hook["id"], str(uuid.uuid4()), event, action, repo_id, json.dumps(body), hub.now()),
        )


@contextmanager
def speaking(hub: Hub) -> Iterator[None]:
    """Shapes ask who is asking; where nobody does, as in the background, it is the hub itself."""
    if has_app_context():
        with plainly():
            yield
        return
    with _aside().app_context():
        begin(hub, NOBODY)
        yield


@cache
def _aside() -> Flask:
    return Flask("bot.hub", static_folder=None)


def _about(hub: Hub, db: sqlite3.Connection, repo_id: int, sender_id: int) -> dict[str, Any]:
    repo = db.execute("select * from repositories where id = ?", (repo_id,)).fetchone()
    with speaking(hub):
        api = links.root()
        about: dict[str, Any] = {"repository": repository_shapes.repository(repo), "sender": account_shapes.user(sender_id)}
        owner = account_shapes.user(repo["owner_id"])
    about["repository"].pop("permissions")  # a webhook asks for nobody
    if owner and owner["type"] == "Organization":
        about["organization"] = _organization(owner, f"{api}/orgs/{owner['login']}")
    return about


def _organization(owner: Mapping[str, Any], url: str) -> dict[str, Any]:
    kept = {key: owner[key] for key in ("login", "id", "node_id", "avatar_url")}
    ways = {f"{way}_url": f"{url}/{way}" for way in ("repos", "events", "hooks", "issues")}
    people = {f"{way}_url": f"{url}/{way}{{/member}}" for way in ("members", "public_members")}
    return {**kept, "url": url, **ways, **people, "description": ""}


def http_send(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status that the receiver answered, 0 where it did not within ten seconds."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except (OSError, ValueError):
        return 0


def deliver_pending(hub: Hub, send: Send = http_send) -> int:
    """Sends what waits, each once: GitHub does not try again by itself. Returns how many were sent."""
    db = hub.db()
    rows = db.execute(
        "select deliveries.*, url, secret, app_id from deliveries join hooks on hooks.id = hook_id where status = 'pending' order by deliveries.id"
    ).fetchall()
    weather = {row["name"]: json.loads(row["value"]) for row in db.execute("select * from switches where name like 'webhooks.%'")}
    random = Random(weather.get("webhooks.seed", 0) + len(rows))
    if weather.get("webhooks.reorder"):
        random.shuffle(rows)
    sent = 0
    for row in rows:
        times = 0 if random.random() < weather.get("webhooks.lose", 0) else 2 if random.random() < weather.get("webhooks.double", 0) else 1
        status = 0
        began = time.monotonic()
        for _ in range(times):
            status = send(row["url"], headers_for(row), row["payload"].encode())
            sent += 1
        word = "OK" if 200 <= status < 300 else "lost" if times == 0 else "failed"
        with hub.write() as write:
            write.execute(
                "update deliveries set status = ?, status_code = ?, duration = ? where id = ?",
                (word, status, time.monotonic() - began, row["id"]),
            )
    return sent


def headers_for(row: sqlite3.Row) -> dict[str, str]:
    body = row["payload"].encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/hub",
        "X-GitHub-Event": row["event"],
        "X-GitHub-Delivery": row["guid"],
        "X-GitHub-Hook-ID": str(row["hook_id"]),
        "X-GitHub-Hook-Installation-Target-Type": "integration" if row["app_id"] else "repository",
        "X-GitHub-Hook-Installation-Target-ID": str(row["app_id"] or row["repo_id"]),
    }
    if row["secret"]:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(row["secret"].encode(), body, hashlib.sha256).hexdigest()
    return headers
