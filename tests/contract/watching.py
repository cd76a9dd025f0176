"""Listens at the hub's door in every test, and judges what goes in and out; what does not conform fails the test in which it was seen."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from flask import Flask

from bot.hub.store.hub import Hub
from bot.hub.web.faults import ON_PURPOSE
from tests.contract import payloads, rest, spoken
from tests.contract.allowed import allowance
from tests.contract.schemas import GRAPHQL, OPENAPI, WEBHOOKS, shape_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THE_BOT = ("githubkit", "groundskeeper")  # in its user agents; people in tests use other clients, and may ask for nonsense
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_DIGITS = re.compile(r"\d+")


@dataclass
class Seen:
    """What was held against the descriptions in this process. `faults` are those of the test that runs."""

    asked: Counter[str] = field(default_factory=Counter)
    """Requests of the bot, by REST operation."""
    answered: Counter[str] = field(default_factory=Counter)
    """Answers to anybody, by operation and status."""
    spoken: Counter[str] = field(default_factory=Counter)
    """Fields of GraphQL's roots that the bot asked for, by document sent."""
    told: Counter[str] = field(default_factory=Counter)
    """Webhooks, by event and action."""
    allowed: Counter[str] = field(default_factory=Counter)
    """Different verdicts that needed an entry of the allow-list, by the entry's `fault`."""
    faults: list[str] = field(default_factory=list)
    hubs: list[Path] = field(default_factory=list)
    judged: dict[Any, list[str]] = field(default_factory=dict)
    """Verdicts, by what was judged: its kind and the shape of its JSON."""
    documents: dict[Any, list[str]] = field(default_factory=dict)
    one_at_a_time: RLock = field(default_factory=RLock)
    """A hub that is served answers in many threads."""

    def verdict(self, key: Any, where: str, found: Iterable[str]) -> None:
        """Keeps what was found, less what is allowed, under `key`."""
        lines = [f"{where}: {one}" for one in found]
        allowed = {line: allowance(line) for line in lines}
        self.allowed.update({one.fault for one in allowed.values() if one})
        self.judged[key] = [line for line, one in allowed.items() if one is None]

    def request(self, one: rest.Operation, path: str, query: str, body: Any) -> None:
        self.asked[one.name] += 1
        key = None if body is not None else ("request", one.name, _DIGITS.sub("0", path), _DIGITS.sub("0", query))
        if key is None or key not in self.judged:
            self.verdict(key, f"{one.name} asked", rest.request_faults(one, path, query, body))
        self.faults += self.judged[key]

    def answer(self, one: rest.Operation, status: int, body: Any) -> None:
        self.answered[f"{one.name} {status}"] += 1
        key = ("answer", one.name, status, shape_of(body, rest.openapi().words))
        if key not in self.judged:
            self.verdict(key, f"{one.name} {status}", rest.answer_faults(one, status, body))
        self.faults += self.judged[key]

    def document(self, document: str, variables: dict[str, Any]) -> None:
        """Two documents that differ in their numbers, their strings and how often a line comes are one."""
        plain = frozenset(_DIGITS.sub("0", _QUOTED.sub('""', document)).splitlines())
        key = ("document", plain, shape_of(variables, frozenset()))
        if key not in self.judged:
            self.documents[plain] = spoken.operations(document)
            self.verdict(key, f"GraphQL {document[:60]!r}", spoken.document_faults(document, variables))
        self.spoken.update(self.documents[plain])
        self.faults += self.judged[key]

    def payload(self, event: str, payload: Any) -> None:
        kind = payloads.kind(event, payload)
        self.told[kind] += 1
        key = ("payload", event, shape_of(payload, payloads.webhooks().words))
        if key not in self.judged:
            self.verdict(key, f"webhook {kind}", payloads.payload_faults(event, payload))
        self.faults += self.judged[key]

    def taken(self) -> list[str]:
        """What was wrong since somebody asked last, each once; the hubs' webhooks are looked at now."""
        hubs, self.hubs = self.hubs, []
        for root in hubs if WEBHOOKS.exists() else ():
            for event, payload in _deliveries(root / "hub.sqlite"):
                self.payload(event, json.loads(payload))
        found, self.faults = self.faults, []
        return list(dict.fromkeys(found))


SEEN = Seen()


def _deliveries(database: Path) -> list[tuple[str, str]]:
    if not database.exists():
        return []
    connection = sqlite3.connect(database)
    try:
        return connection.execute("select event, payload from deliveries where not redelivery").fetchall()
    finally:
        connection.close()


def watched(app: Flask, hub: Hub) -> Flask:
    """The same application with somebody listening at its door. Without the descriptions nobody listens."""
    SEEN.hubs.append(hub.root)
    if OPENAPI.exists() and GRAPHQL.exists():
        app.wsgi_app = _listening(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _listening(inner: WSGIApplication) -> WSGIApplication:
    def outer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if "json" in environ.get("CONTENT_TYPE", "") and environ.get("CONTENT_LENGTH", "").isdigit():
            asked = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(asked)
        else:
            asked = b""
        began: list[tuple[str, dict[str, str]]] = []

        def begin(status: str, headers: list[tuple[str, str]], info: Any = None) -> Any:
            began.append((status, {name.lower(): value for name, value in headers}))
            return start(status, headers, info)

        agent = environ.get("HTTP_USER_AGENT", "").lower()
        path, by_the_bot = _path(environ), any(name in agent for name in THE_BOT)
        if by_the_bot:
            with SEEN.one_at_a_time:
                _hear(environ, path, asked)
        answer = inner(environ, begin)
        if not began or "x-github-request-id" not in began[-1][1] or ON_PURPOSE in environ or path.endswith("/graphql"):
            return answer
        body = b"".join(answer)
        with SEEN.one_at_a_time:
            _judge(environ, path, *began[-1], body)
        return [body]

    return outer


def _path(environ: WSGIEnvironment) -> str:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return str(raw).partition("?")[0] if raw and str(raw).startswith("/") else str(environ["PATH_INFO"])


def _hear(environ: WSGIEnvironment, path: str, asked: bytes) -> None:
    body = json.loads(asked) if asked else None
    if body is not None and path.endswith("/graphql"):
        SEEN.document(body["query"], body.get("variables") or {})
        return
    one = rest.operation(environ["REQUEST_METHOD"], path)
    if one is None:
        SEEN.faults.append(f"{environ['REQUEST_METHOD']} {path} asked: GitHub has no such operation")
    else:
        SEEN.request(one, path, environ.get("QUERY_STRING", ""), body)


def _judge(environ: WSGIEnvironment, path: str, status: str, headers: dict[str, str], body: bytes) -> None:
    if environ["REQUEST_METHOD"] == "HEAD":  # as GET, and without what could be judged
        return
    one = rest.operation(environ["REQUEST_METHOD"], path)
    if one is None:
        SEEN.faults.append(f"{environ['REQUEST_METHOD']} {path} answered {status}: GitHub has no such operation")
    elif body and "json" not in headers.get("content-type", ""):
        SEEN.answered[f"{one.name} {status[:3]}"] += 1
    else:
        SEEN.answer(one, int(status[:3]), json.loads(body) if body else None)
