"""Time as the server has it: this machine's monotonic clock, set by the `Date` of GitHub's answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_ALIKE = timedelta(seconds=2)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class ServerClock:
    """Until the first answer it is this machine's own time, which may be hours off: that answer sets it, forwards or back.

    From then on it never goes backwards, since a lease that has ended stays ended.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], datetime] = _utc_now
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _zero: datetime | None = None
    """What time it was on the server when the monotonic clock stood at zero."""
    _last: datetime | None = None
    _heard: bool = False
    """Whether the server has said its time."""

    def now(self) -> datetime:
        with self._lock:
            return self._now()

    def wait(self, duration: timedelta) -> None:
        self.sleep(max(0.0, duration.total_seconds()))

    def sync(self, date_header: str | None) -> None:
        """Takes the `Date` of an answer. It has whole seconds and has travelled, so small differences mean nothing and are left alone."""
        if not date_header:
            return
        try:
            server = parsedate_to_datetime(date_header)
        except ValueError:
            return
        if server.tzinfo is None:
            return
        with self._lock:
            if abs(server - self._reading()) > _ALIKE:
                self._zero = server - self._elapsed()
            if not self._heard:
                self._heard, self._last = True, None

    def _now(self) -> datetime:
        reading = self._reading()
        self._last = max(self._last, reading) if self._last is not None else reading
        return self._last

    def _reading(self) -> datetime:
        if self._zero is None:
            self._zero = self.wall() - self._elapsed()
        return self._zero + self._elapsed()

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=self.monotonic())
