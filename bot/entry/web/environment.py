"""`groundskeeper serve` as a shell or a service manager starts it: everything from the environment, refused early and clearly."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from bot.adapters.clock import ServerClock
from bot.adapters.github.client import AppKey
from bot.entry.github_hosts import refuse_to_dispatch
from bot.entry.home import ensure_home
from bot.entry.models import chosen_model
from bot.entry.web.serving import StartMode, assemble, serve
from bot.entry.wiring import from_environment
from bot.entry.working import wired_to_work


def serve_from_environment(home: Path, *, repository: str | None, host: str, port: int, how: str, minutes: int) -> None:
    """Raises `UserError` for what a person can put right before anything listens.

    An app that only starts Actions serves wherever it is installed, unless somebody names one repository; else it is the checkout's.
    """
    clock, mode = ServerClock(), StartMode(how)
    if mode is StartMode.LOCAL:
        chosen_model(clock)  # only for its refusal: it would otherwise come with the first hint, where nobody looks
    settings = from_environment(ensure_home(home), repository=repository, anywhere=True)
    if mode is StartMode.DISPATCH:
        refuse_to_dispatch(settings.api_url)
    if not (mode is StartMode.DISPATCH and isinstance(settings.worker, AppKey)):
        settings = from_environment(home, repository=repository)
    service = assemble(
        settings,
        secret=os.environ.get("GROUNDSKEEPER_WEBHOOK_SECRET"),
        secret_before=os.environ.get("GROUNDSKEEPER_WEBHOOK_SECRET_BEFORE"),
        how=mode,
        every=timedelta(minutes=minutes),
        wire_context=lambda: wired_to_work(home, repository=repository, clock=ServerClock()).context,
        clock=clock,
    )
    serve(service, host=host, port=port)
