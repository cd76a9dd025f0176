"""The webhook app as GitHub meets it: deliveries signed and sent, answers and log lines kept."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from bot.entry.web.app import WebhookEndpoint, create_app
from bot.entry.web.inbox import Inbox, open_inbox
from bot.entry.web.metrics import json_log, metrics
from tests.world import WorldClock

SECRET, BEFORE = b"It's a Secret to Everybody", b"the one of last year"
POTS = "garden/pots"
_numbers = count(1)


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def guid() -> str:
    return f"72d3162e-cc78-11e3-81ab-{next(_numbers):012x}"


def about(repository: str = POTS, **payload: Any) -> dict[str, Any]:
    return {"repository": {"full_name": repository, "default_branch": "main"}, "sender": {"login": "ann", "id": 1}, **payload}


@dataclass(kw_only=True)
class WebhookApp:
    """An app with its endpoint, and no starter unless the test has one."""

    app: Flask
    endpoint: WebhookEndpoint
    written: io.StringIO

    @property
    def inbox(self) -> Inbox:
        return self.endpoint.inbox

    def send(self, event: str = "issues", payload: Any = None, **headers: str) -> TestResponse:
        body = json.dumps(about(action="labeled") if payload is None else payload).encode()
        return self.post(body, **{"X-GitHub-Event": event, **headers})

    def post(self, body: bytes, **headers: str) -> TestResponse:
        """Signed, named and typed as GitHub does, unless said otherwise; an empty header is left out."""
        usual = {
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": guid(),
            "X-Hub-Signature-256": signed(body),
            "Content-Type": "application/json",
        }
        sent = {
            name: value for name, value in {**usual, **{key.replace("_", "-"): value for key, value in headers.items()}}.items() if value
        }
        return self.app.test_client().post("/webhook", data=body, headers=sent)

    def hub_sends(self, _url: str, headers: Mapping[str, str], body: bytes) -> int:
        return self.app.test_client().post("/webhook", data=body, headers=dict(headers)).status_code

    def get(self, path: str) -> TestResponse:
        return self.app.test_client().get(path)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def metric(self, name: str, **labels: str) -> float:
        return self.endpoint.metrics.registry.get_sample_value(f"groundskeeper_{name}", labels) or 0.0

    def waiting(self) -> list[str]:
        """Repositories that wait for a tick, due or not."""
        return [row["repository"] for row in self.inbox._rows("select repository from hints order by repository")]


@dataclass(kw_only=True)
class Builder:
    """Makes webhook apps of one home, as one process after the other would."""

    home: Path
    clock: WorldClock = field(default_factory=WorldClock)
    gather: timedelta = timedelta(milliseconds=250)

    def build(self, *, secrets: tuple[bytes, ...] = (SECRET,), only: str | None = POTS) -> WebhookApp:
        inbox, written = open_inbox(self.home, now=self.clock.now, gather=self.gather), io.StringIO()
        endpoint = WebhookEndpoint(secrets=secrets, inbox=inbox, metrics=metrics(inbox), log=json_log(written), only=only)
        return WebhookApp(app=create_app(endpoint), endpoint=endpoint, written=written)
