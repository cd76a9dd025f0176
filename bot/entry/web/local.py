"""Starting by local workers: a tick now, and each run that it starts in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.core.lease import Refused
from bot.core.started import Started
from bot.entry.web.inbox import Inbox, InboxTrouble
from bot.entry.web.starting import Again
from bot.flows.means import Means
from bot.flows.moving import drop_the_pen
from bot.flows.publishing import publish
from bot.flows.running import carry_out
from bot.flows.ticking import tick
from bot.ports import GitTrouble

_HELD = timedelta(seconds=5)
"""Another process was writing; it ends its tick within seconds."""


class LocalWorkers:
    """One repository's means, made when first needed, so that a GitHub out of reach at the start is a hint kept and no crash."""

    def __init__(self, *, wire: Callable[[], Means], inbox: Inbox, log: Any) -> None:
        self._wire, self._inbox, self._log = wire, inbox, log
        self._means: Means | None = None
        self._runs: set[threading.Thread] = set()
        self._wrote = False
        self._stopping: str | None = None

    def __call__(self, repository: str) -> Again | None:
        """Raises `GitHubTrouble`, `GitTrouble`, `UserError`."""
        means = self._means = self._means or self._wire()
        done = tick(means)
        for line in (one.said for one in done.applied):
            self._log.info("tick", repository=repository, did=line)
        for started in done.started:
            self._begin(means, started)
        self._wrote = self._wrote or bool(done.applied) or done.shown > 0
        if done.moved:
            return Again(reason="the tick moved something")
        if done.held_back is not None:
            self._log.info("held back", repository=repository, reason=done.held_back)
            return Again(reason="held back", after=_HELD)
        self._lay_down(means)
        return None

    def _lay_down(self, means: Means) -> None:
        if self._wrote:
            drop_the_pen(means)
            self._wrote = False

    def _begin(self, means: Means, started: Started) -> None:
        thread = threading.Thread(target=self._work, args=(means, started), name=f"agent-{started.start.agent}", daemon=True)
        self._runs = {one for one in self._runs if one.is_alive()} | {thread}
        thread.start()

    def _work(self, means: Means, started: Started) -> None:
        log = self._log.bind(repository=means.repository, project=started.start.number, agent=started.start.agent, run=started.holder.run)

        try:
            result = publish(means, started, carry_out(means, started, interrupted=lambda: self._stopping))
            if isinstance(result, Refused):
                log.warning("not published", reason=result.reason)
            else:
                log.info("handed in", ending=result.ending.value, note=result.note)
        except Exception:
            # A run that broke must not take the others with it; its lease ends by itself.
            log.error("run broke", exc_info=True)
        try:
            self._inbox.hint(means.repository, "a run ended")
        except InboxTrouble as trouble:
            log.warning("not hinted", reason=str(trouble))

    def interrupt(self) -> None:
        """Runs hand in what they have, and a later tick, here or elsewhere, goes on with them."""
        self._stopping = "This server was stopped; what was done is kept"

    def wait(self, patience: timedelta) -> int:
        """How many runs are still under way after so long; no tick may be under way any more. Lets others write at once."""
        until = time.monotonic() + patience.total_seconds()
        for thread in self._runs:
            thread.join(max(0.0, until - time.monotonic()))
        try:
            if self._means is not None:
                self._lay_down(self._means)
        except GitTrouble as trouble:
            self._log.warning("the pen was not laid down", reason=f"others write in two minutes at the latest: {trouble}")
        return sum(thread.is_alive() for thread in self._runs)
