"""What the webhook app counts and says about itself: its own metrics registry, and one JSON line for each thing that happened."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.core.hints.webhooks import RELEVANT_ACTIONS
from bot.entry.web.inbox import Inbox, InboxError

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10)
"""GitHub gives up after ten seconds."""


_ENCODER = json.JSONEncoder(default=str)


@dataclass(frozen=True, kw_only=True)
class Metrics:
    registry: CollectorRegistry
    deliveries: Counter
    acknowledged: Histogram
    ticks: Counter
    redeliveries: Counter

    def delivery(self, event: str, outcome: str) -> None:
        self._counter(event if event in RELEVANT_ACTIONS or event == "ping" else "other", outcome).inc()

    @cache  # noqa: B019 it lives as long as the process, and what may be asked for is bounded by the line above
    def _counter(self, event: str, outcome: str) -> Counter:
        """Whoever may send may also invent events, and a label must not grow without end."""
        return self.deliveries.labels(event, outcome)


def metrics(inbox: Inbox) -> Metrics:
    registry = CollectorRegistry()

    def pending() -> float:
        try:
            return inbox.pending()
        except InboxError:
            return float("nan")

    gauge = Gauge("groundskeeper_hints_pending", "Repositories that wait for a tick.", registry=registry)
    gauge.set_function(pending)
    return Metrics(
        registry=registry,
        deliveries=Counter(
            "groundskeeper_deliveries", "Webhooks by event and what became of them.", ["event", "outcome"], registry=registry
        ),
        acknowledged=Histogram(
            "groundskeeper_acknowledgement_seconds", "From a webhook's last byte to its answer.", buckets=_BUCKETS, registry=registry
        ),
        ticks=Counter("groundskeeper_ticks", "Ticks that were to be started, by what came of it.", ["outcome"], registry=registry),
        redeliveries=Counter("groundskeeper_redeliveries", "Failed deliveries that GitHub was asked for again.", registry=registry),
    )


def json_log(stream: TextIO | None = None) -> Any:
    """A logger of its own, to standard error by default; nothing global is set. Callers bind the delivery, never a header or a payload."""
    return structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: _ENCODER.encode(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
