"""One governor for every call to GitHub: turns, waits, refusals with a time to come again, and a count of what was asked.

Rules: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
and .../rate-limits-for-the-rest-api (who goes on while limited risks to be banned). The figures are in `limits`.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.adapters.github.limits import GITHUB, Call, Limits, Urgency
from bot.adapters.github.rate_state import DeferReason, Deferred, Granted
from bot.adapters.github.rate_store import MemoryRateStore, RateStore
from bot.ports import Clock, GitHubError, GitHubErrorKind

EVERYTHING = "*"


@dataclass(kw_only=True)
class Governor:
    """One for a process, whatever its number of threads and identities; processes meet in the same `book`."""

    clock: Clock
    limits: Limits = GITHUB
    store: RateStore = field(default_factory=MemoryRateStore)
    host: str = ""
    """Of the API: the same login on two servers is two identities."""
    process: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(3)}")
    """Which of those that share the book this is, so that each of them has its turn."""
    counts: Counter[str] = field(default_factory=Counter)
    """Requests by kind: `read`, `write`; `free`, those among the reads that were answered 304 and so not counted in the hourly budget;
    `create`, the pieces of content that writes made; `refused`, calls that were not sent."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(self.limits.at_once)

    @contextmanager
    def turn(self, who: str, call: Call) -> Iterator[None]:
        """Around each request. A short wait is waited; instead of a long one `GitHubError` is raised: LIMITED, with `resume_at`."""
        with self._places:
            with self.store.state(self._key(who)) as state:
                now = self.clock.now()
                found = state.admit(self.limits, call, now.timestamp(), process=self.process)
            if isinstance(found, Granted) and found.at > now.timestamp():
                self.clock.wait(timedelta(seconds=found.at - now.timestamp()))
                found = self._still(who, call) or found
            if isinstance(found, Deferred):
                self._count(refused=1)
                raise _refusal(who, found)
            self._count(write=int(call.writes), read=int(not call.writes), create=call.creates)
            yield

    def silence(self, who: str, until: datetime | None, *, resource: str = EVERYTHING) -> datetime:
        """GitHub limits `who`, until a time that it names or not (None). Limits are an identity's own; the other one may go on."""
        with self.store.state(self._key(who)) as state:
            said = until.timestamp() if until is not None else None
            return datetime.fromtimestamp(state.silence(self.limits, resource, said, self.clock.now().timestamp()), UTC)

    def record_answer(self, who: str, call: Call, headers: Mapping[str, str], *, done: bool, free: bool = False) -> None:
        """What an answer tells of the budget: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit"""
        if free:
            self._count(free=1)
        told = [headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        if not done and not all(told):
            return
        with self.store.state(self._key(who)) as state:
            if done and call.writes:
                state.written()
            if all(one.isdigit() for one in told):
                limit, remaining, reset = map(int, told)
                state.record_answer(headers.get("x-ratelimit-resource") or call.resource, limit, remaining, reset)

    def most_created(self, urgency: Urgency) -> int | None:
        return self.limits.most_created(urgency)

    def _still(self, who: str, call: Call) -> Deferred | None:
        """What GitHub may have said to somebody else while this call waited."""
        with self.store.state(self._key(who)) as state:
            return state.told(self.limits, call, self.clock.now().timestamp())

    def _key(self, who: str) -> str:
        return f"{self.host} {who}"

    def _count(self, **more: int) -> None:
        with self._lock:
            self.counts.update(more)


def _refusal(who: str, found: Deferred) -> GitHubError:
    if found.why is DeferReason.NEVER:
        return GitHubError(GitHubErrorKind.REFUSED, f"Not sent as {who}: {found.words}. Ask for less at once.")
    until = datetime.fromtimestamp(found.until, UTC)
    match found.why:
        case DeferReason.TOLD:
            words = f"GitHub asked {who} to wait until {until:%H:%M:%S} UTC"
        case DeferReason.HOURLY:
            words = f"GitHub's hourly limit for {who}: {found.words}; it goes on at {until:%H:%M:%S} UTC"
        case DeferReason.WINDOW | DeferReason.PACE:
            words = f"To stay within GitHub's limits {who} waits until {until:%H:%M:%S} UTC: {found.words}"
    return GitHubError(GitHubErrorKind.LIMITED, words, resume_at=until)
