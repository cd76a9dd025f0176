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
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from bot.hub import node_ids
from bot.hub.hub import Hub

_PATIENCE = 10
Send = Callable[[str, Mapping[str, str], bytes], int]


def emit(hub: Hub, event: str, action: str | None, repo_id: int, payload: Mapping[str, Any], sender_id: int) -> None:
    """Queues one delivery for each hook that wants the event."""
    db = hub.db()
    hooks = db.execute("select * from hooks where active and (repo_id = ? or repo_id is null)", (repo_id,)).fetchall()
    wanted = [hook for hook in hooks if {"*", event} & set(json.loads(hook["events"]))]
    if not wanted:
        return
    body = {**({"action": action} if action else {}), **payload, **_about(hub, db, repo_id, sender_id)}
    with hub.write() as write:
        for hook in wanted:
            write.execute(
                "insert into deliveries (hook_id, guid, event, action, repo_id, payload, delivered_at) values (?, ?, ?, ?, ?, ?, ?)",
                (hook["id"], str(uuid.uuid4()), event, action, repo_id, json.dumps(body), hub.now()),
            )


def _about(hub: Hub, db: sqlite3.Connection, repo_id: int, sender_id: int) -> dict[str, Any]:
    repo = db.execute(
        "select repositories.*, login from repositories join users on users.id = owner_id where repositories.id = ?", (repo_id,)
    ).fetchone()
    sender = db.execute("select * from users where id = ?", (sender_id,)).fetchone()
    name = f"{repo['login']}/{repo['name']}"
    return {
        "repository": {
            "id": repo_id,
            "node_id": node_ids.encode("Repository", repo_id),
            "name": repo["name"],
            "full_name": name,
            "private": bool(repo["private"]),
            "owner": {"login": repo["login"], "id": repo["owner_id"]},
            "html_url": f"{hub.base_url}/{name}",
            "default_branch": repo["default_branch"],
        },
        "sender": {"login": sender["login"], "id": sender["id"], "type": sender["type"]} if sender else None,
    }


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
        "select deliveries.*, url, secret from deliveries join hooks on hooks.id = hook_id where status = 'pending'"
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
    }
    if row["secret"]:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(row["secret"].encode(), body, hashlib.sha256).hexdigest()
    return headers
