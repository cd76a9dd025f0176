"""The HTTP side of the webhook app: a delivery is checked, kept and answered, in one short transaction and nothing else."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bot.core.hints.webhooks import Hint, OwnAccounts, hint_of
from bot.entry.web.inbox import Inbox, InboxError
from bot.entry.web.metrics import Metrics
from bot.entry.web.payload import read_payload

LARGEST = 25 * 1024 * 1024
"""Bytes. GitHub sends nothing larger: https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap"""
_GUID = re.compile(r"[A-Za-z0-9-]{1,64}")
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")


@dataclass(kw_only=True)
class WebhookEndpoint:
    """What the app decides with. `own` may be empty until GitHub has said who we are; it only saves ticks."""

    secrets: tuple[bytes, ...]
    """The webhook's secret, and while it is being changed the one before; with none nobody is believed."""
    inbox: Inbox
    metrics: Metrics
    log: Any
    only: str | None
    """The one repository whose hints are taken; None takes each that the app's installation is named for."""
    own: OwnAccounts = frozenset()
    working: Callable[[], str | None] = lambda: None
    """Why no work would be started now; None while all is well."""
    hooks: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer: `outcome` is one word for counting, `why` a sentence for people."""

    status: int
    outcome: str
    why: str = ""

    @property
    def response(self) -> Response:
        return Response(_body(self.outcome, self.why), self.status, content_type="application/json")


@lru_cache(maxsize=256)
def _body(outcome: str, why: str) -> bytes:
    return json.dumps({"outcome": outcome} | ({"reason": why} if why else {})).encode() + b"\n"


def create_app(endpoint: WebhookEndpoint) -> Flask:
    app = Flask("groundskeeper", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST

    @app.post("/webhook")
    def webhook() -> Response:
        began = time.perf_counter()
        headers = request.environ  # read often, and `request` is found anew each time
        event, guid = headers.get("HTTP_X_GITHUB_EVENT", ""), headers.get("HTTP_X_GITHUB_DELIVERY", "")
        answer, verified = _received(endpoint, event, guid, headers)
        took = time.perf_counter() - began
        endpoint.metrics.delivery(event if verified else "unverified", answer.outcome)
        endpoint.metrics.acknowledged.observe(took)
        log = endpoint.log.info if answer.status < 400 else endpoint.log.warning
        named = {"delivery": guid, "github_event": event} if verified else {}
        log("delivery", outcome=answer.outcome, reason=answer.why, status=answer.status, ms=round(took * 1000, 2), **named)
        return answer.response

    @app.get("/healthz")
    def alive() -> Response:
        return Response('{"alive": true}\n', mimetype="application/json")

    @app.get("/readyz")
    def ready() -> Response:
        reasons = [] if any(endpoint.secrets) else ["no webhook secret is set"]
        try:
            endpoint.inbox.check()
        except InboxError as error:
            reasons.append(str(error))
        if (idle := endpoint.working()) is not None:
            reasons.append(idle)
        body = json.dumps({"ready": not reasons, "reasons": reasons}) + "\n"
        return Response(body, 503 if reasons else 200, mimetype="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(endpoint.metrics.registry), content_type=CONTENT_TYPE_LATEST)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return Answer(status=error.code or 500, outcome="refused", why=error.description or error.name).response

    return app


def _received(endpoint: WebhookEndpoint, event: str, guid: str, headers: Mapping[str, Any]) -> tuple[Answer, bool]:
    """The answer, and whether the sender knows the secret: until that is seen, nothing that was sent is believed or repeated."""
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return Answer(status=413, outcome="too large", why=f"more than {LARGEST} bytes; GitHub itself sends no larger payload"), False
    if (why_not := unsigned(endpoint.secrets, raw, headers.get("HTTP_X_HUB_SIGNATURE_256"))) is not None:
        return Answer(status=401, outcome="unsigned", why=why_not), False
    return _taken(endpoint, event, guid, raw, headers), True


def unsigned(secrets: tuple[bytes, ...], raw: bytes, signature: str | None) -> str | None:
    """Why the signature is not good; None where it is. https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries

    Every secret is tried, whichever is right, so that the time says nothing of it.
    """
    if not signature:
        return "no X-Hub-Signature-256: set the webhook's secret on GitHub to the value of GROUNDSKEEPER_WEBHOOK_SECRET"
    if _SIGNATURE.fullmatch(signature):
        right = [hmac.compare_digest("sha256=" + hmac.digest(one, raw, "sha256").hex(), signature) for one in secrets if one]
        if any(right):
            return None
    return "the signature is not that of this body: are the webhook's secret on GitHub and GROUNDSKEEPER_WEBHOOK_SECRET the same?"


def _taken(endpoint: WebhookEndpoint, event: str, guid: str, raw: bytes, headers: Mapping[str, Any]) -> Answer:
    if not event or not _GUID.fullmatch(guid):
        return Answer(status=400, outcome="malformed", why="X-GitHub-Event and X-GitHub-Delivery belong to each delivery")
    try:
        payload = read_payload(_json_in(raw, headers))
    except ValueError:
        return Answer(status=400, outcome="malformed", why="the body is neither JSON nor a form whose `payload` is JSON")
    if payload is None:
        return Answer(status=400, outcome="malformed", why="the body is JSON, but no object")
    hint = hint_of(event, payload, endpoint.own)
    try:
        _note_hook(endpoint, payload, headers)
        if not isinstance(hint, Hint):
            return Answer(status=202, outcome="ignored", why=hint.reason)
        repositories = _allowed(endpoint, hint, payload)
        if isinstance(repositories, str):
            return Answer(status=202, outcome="ignored", why=repositories)
        outcome = endpoint.inbox.take(guid, repositories, hint.reason)
    except InboxError as error:
        # GitHub then counts it as failed, and the audit finds it.
        return Answer(status=503, outcome="not stored", why=str(error))
    return Answer(status=202, outcome=outcome.value, why=hint.reason)


def _json_in(raw: bytes, headers: Mapping[str, Any]) -> str | bytes:
    """GitHub sends JSON itself or as the one field of a form, as the webhook's content type says there. Raises `ValueError`."""
    if not headers.get("CONTENT_TYPE", "").lower().startswith("application/x-www-form-urlencoded"):
        return raw
    return parse_qs(raw.decode("ascii"), max_num_fields=1).get("payload", [""])[0]


def _allowed(endpoint: WebhookEndpoint, hint: Hint, payload: dict[str, Any]) -> tuple[str, ...] | str:
    if endpoint.only is not None:
        wanted = tuple(one for one in hint.repositories if one.lower() == endpoint.only.lower())
        return wanted or f"not {endpoint.only}, which GROUNDSKEEPER_REPOSITORY names"
    if not isinstance(payload.get("installation"), dict):
        return "sent by a repository's own webhook; without GROUNDSKEEPER_REPOSITORY only those of the app's installations are taken"
    return hint.repositories


def _note_hook(endpoint: WebhookEndpoint, payload: dict[str, Any], headers: Mapping[str, Any]) -> None:
    """Only a repository's own webhook needs noting; that of the app is found with the app's key."""
    number, repository = headers.get("HTTP_X_GITHUB_HOOK_ID", ""), payload.get("repository")
    if headers.get("HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_TYPE", "repository") != "repository" or "installation" in payload:
        return
    if (
        not (number.isascii() and number.isdigit() and len(number) < 19)
        or int(number) in endpoint.hooks
        or not isinstance(repository, dict)
    ):
        return
    if endpoint.only is not None and str(repository.get("full_name")).lower() == endpoint.only.lower():
        endpoint.inbox.note_hook(int(number), endpoint.only)
        endpoint.hooks.add(int(number))
