"""`groundskeeper serve` as a shell or a service manager starts it: everything from the environment, refused early and clearly."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.adapters.clock import ServerClock
from bot.entry.models import chosen_model
from bot.entry.web.serving import StartMode, assemble, serve
from bot.entry.wiring import from_environment
from bot.flows.context import Context


def serve_from_environment(home: Path, *, host: str, port: int, how: str, minutes: int, wire_context: Callable[[], Context]) -> None:
    """Raises `UserError` for what a person can put right before anything listens."""
    clock = ServerClock()
    if StartMode(how) is StartMode.LOCAL:
        chosen_model(clock)  # only for its refusal: it would otherwise come with the first hint, where nobody looks
    service = assemble(
        from_environment(home, anywhere=True),
        secret=os.environ.get("GROUNDSKEEPER_WEBHOOK_SECRET"),
        secret_before=os.environ.get("GROUNDSKEEPER_WEBHOOK_SECRET_BEFORE"),
        how=StartMode(how),
        every=timedelta(minutes=minutes),
        wire_context=wire_context,
        clock=clock,
    )
    serve(service, host=host, port=port)
