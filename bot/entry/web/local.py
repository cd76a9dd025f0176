"""Starting by local workers: a tick now, and each run that it starts in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.core.decisions.started_run import StartedRun
from bot.core.lifecycle.lease import Refused
from bot.entry.web.inbox import Inbox, InboxError
from bot.entry.web.starting import Retry
from bot.flows.context import Context
from bot.flows.publishing import publish
from bot.flows.running import carry_out
from bot.flows.ticking import tick
from bot.flows.writer_lock import release_writer_lock
from bot.ports import GitError

_HELD = timedelta(seconds=5)
"""Another process was writing; it ends its tick within seconds."""


class LocalWorkers:
    """One repository's means, made when first needed, so that a GitHub out of reach at the start is a hint kept and no crash."""

    def __init__(self, *, wire: Callable[[], Context], inbox: Inbox, log: Any) -> None:
        self._wire, self._inbox, self._log = wire, inbox, log
        self._context: Context | None = None
        self._runs: set[threading.Thread] = set()
        self._wrote = False
        self._stopping: str | None = None

    def __call__(self, repository: str) -> Retry | None:
        """Raises `GitHubError`, `GitError`, `UserError`."""
        context = self._context = self._context or self._wire()
        done = tick(context)
        for line in (one.summary for one in done.applied):
            self._log.info("tick", repository=repository, did=line)
        for started in done.started:
            self._begin(context, started)
        self._wrote = self._wrote or bool(done.applied) or done.shown > 0
        if done.moved:
            return Retry(reason="the tick moved something")
        if done.deferred is not None:
            self._log.info("waiting", repository=repository, reason=done.deferred)
            return Retry(reason="another process writes", after=_HELD)
        self._release_lock(context)
        return None

    def _release_lock(self, context: Context) -> None:
        if self._wrote:
            release_writer_lock(context)
            self._wrote = False

    def _begin(self, context: Context, started: StartedRun) -> None:
        thread = threading.Thread(target=self._work, args=(context, started), name=f"agent-{started.start.agent}", daemon=True)
        self._runs = {one for one in self._runs if one.is_alive()} | {thread}
        thread.start()

    def _work(self, context: Context, started: StartedRun) -> None:
        log = self._log.bind(repository=context.repository, project=started.start.number, agent=started.start.agent, run=started.holder.run)

        try:
            result = publish(context, started, carry_out(context, started, interrupted=lambda: self._stopping))
            if isinstance(result, Refused):
                log.warning("not published", reason=result.reason)
            else:
                log.info("handed in", ending=result.ending.value, note=result.note)
        except Exception:
            # A run that broke must not take the others with it; its lease ends by itself.
            log.error("run broke", exc_info=True)
        try:
            self._inbox.hint(context.repository, "a run ended")
        except InboxError as error:
            log.warning("not hinted", reason=str(error))

    def interrupt(self) -> list[str]:
        """Runs hand in what they have, and a later tick, here or elsewhere, goes on with them. Says whose are under way."""
        self._stopping = "This server was stopped; what was done is kept"
        return sorted(thread.name for thread in self._runs if thread.is_alive())

    def wait(self, patience: timedelta) -> int:
        """How many runs are still under way after so long; no tick may be under way any more. Lets others write at once."""
        until = time.monotonic() + patience.total_seconds()
        for thread in self._runs:
            thread.join(max(0.0, until - time.monotonic()))
        try:
            if self._context is not None:
                self._release_lock(self._context)
        except GitError as error:
            self._log.warning("the writer lock was not released", reason=f"others write in two minutes at the latest: {error}")
        return sum(thread.is_alive() for thread in self._runs)
