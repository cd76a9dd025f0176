"""The starter: turns hints that wait into starts of work, tries again where that failed, and looks by itself where nobody hints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.entry.web.inbox import Inbox, InboxError, Waiting
from bot.entry.web.metrics import Metrics
from bot.ports import GitError, GitHubError

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
_NAP = timedelta(seconds=5)
"""The starter looks at least so often whether it is time for something."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """A start that knows that another one is due."""

    reason: str
    after: timedelta = timedelta()


class NotServed(Exception):
    """The repository is none that we may work on: its hints are dropped, and the reason is said."""


@dataclass(frozen=True, kw_only=True)
class PeriodicTask:
    """Something done every so often, at once after the start; a failure is said, and the next turn tries again."""

    name: str
    every: timedelta
    do: Callable[[], None]


@dataclass(kw_only=True)
class Starter:
    """`start(repository)` begins the work and says whether to come again; all in one thread, so starts are never doubled."""

    inbox: Inbox
    start: Callable[[str], Retry | None]
    tasks: tuple[PeriodicTask, ...]
    now: Callable[[], datetime]
    metrics: Metrics
    log: Any
    over: threading.Event = field(default_factory=threading.Event)
    _turns: dict[str, datetime] = field(default_factory=dict)
    _cannot_note: bool = False
    """What was started could not be noted as started, and would be started again and again."""
    _thread: threading.Thread | None = None

    def round(self) -> None:
        """Whatever is due now, once; hints come before tasks, which may wait long for GitHub."""
        try:
            self.inbox.write_down()
            due = self.inbox.due()
            if due:
                self.inbox.check()
            self._cannot_note = False
            for waiting in due:
                if self.over.is_set():
                    return
                self._begin(waiting)
        except InboxError as error:
            self._cannot_note = True
            self.log.error("inbox", reason=str(error))
        for task in self.tasks:
            now = self.now()
            if now >= self._turns.get(task.name, now) and not self.over.is_set():
                self._turns[task.name] = now + task.every
                self._do(task)

    def _do(self, task: PeriodicTask) -> None:
        try:
            task.do()
        except (GitHubError, GitError, InboxError) as error:
            self.log.warning("task failed", task=task.name, reason=str(error))
        except Exception:
            # This thread must outlive what nobody thought of.
            self.log.error("task broke", task=task.name, exc_info=True)

    def _begin(self, waiting: Waiting) -> None:
        log = self.log.bind(repository=waiting.repository, hint=waiting.reason)
        try:
            again = self.start(waiting.repository)
        except NotServed as why:
            self.inbox.forget(waiting.repository)
            self.metrics.ticks.labels("dropped").inc()
            log.warning("hints dropped", reason=str(why))
        except Exception as error:
            # A hint is kept whatever went wrong with it.
            at = self._again_at(waiting, error)
            self.inbox.failed(waiting, at)
            self.metrics.ticks.labels("failed").inc()
            known = isinstance(error, GitHubError | GitError)
            log.warning("not started", reason=str(error), again_at=at.isoformat(), tries=waiting.tries + 1, exc_info=not known)
        else:
            self.inbox.started(waiting)
            self.metrics.ticks.labels("started").inc()
            log.info("started")
            if again is not None:
                self.inbox.hint(waiting.repository, again.reason, after=again.after)

    def _again_at(self, waiting: Waiting, error: Exception) -> datetime:
        at = self.now() + min(_LONGEST, _FIRST * int(2 ** min(waiting.tries, 10)))
        resume_at = error.resume_at if isinstance(error, GitHubError) else None
        return max(at, resume_at) if resume_at is not None else at

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="starter", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.over.is_set():
            self.inbox.changed.clear()
            self.round()
            if not self.over.is_set():
                self.inbox.changed.wait(self._pause().total_seconds())

    def _pause(self) -> timedelta:
        if self._cannot_note:
            return _NAP
        try:
            due = self.inbox.next_due()
        except InboxError:
            due = None
        times = [*self._turns.values(), *([due] if due is not None else [])]
        return max(timedelta(), min([_NAP, *(at - self.now() for at in times)]))

    def stop(self, patience: timedelta = timedelta(seconds=20)) -> bool:
        """Whether the start that was under way has ended; hints that wait stay in the inbox."""
        self.over.set()
        self.inbox.changed.set()
        if self._thread is not None:
            self._thread.join(patience.total_seconds())
            return not self._thread.is_alive()
        return True

    def working(self) -> str | None:
        """Why nothing would be started; None while all is well."""
        if self._thread is None or not self._thread.is_alive():
            return "the starter is not running"
        return "the server is stopping" if self.over.is_set() else None


def own_hints(inbox: Inbox, repositories: Callable[[], Iterable[str]]) -> Callable[[], None]:
    """For a periodic task: a lost webhook then costs minutes, not the work."""

    def hint() -> None:
        for repository in repositories():
            inbox.hint(repository, "the periodic look")

    return hint
