"""Time as the server has it: this machine's monotonic clock, set by the `Date` of GitHub's answers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class ServerClock:
    """`Date` has whole seconds, so the clock runs up to a second behind the server and never goes backwards."""

    _offset: timedelta = timedelta()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: datetime = _LONG_AGO

    def now(self) -> datetime:
        with self._lock:
            self._last = max(self._last, datetime.now(UTC) + self._offset)
            return self._last

    def wait(self, duration: timedelta) -> None:
        time.sleep(max(0.0, duration.total_seconds()))

    def heard(self, date_header: str | None) -> None:
        """Takes the `Date` of an answer; small differences are network, and are left alone."""
        if not date_header:
            return
        try:
            server = parsedate_to_datetime(date_header)
        except ValueError:
            return
        offset = server - datetime.now(UTC)
        with self._lock:
            if abs(offset - self._offset) > timedelta(seconds=2):
                self._offset = offset
