"""Good manners for every call to GitHub: a pause between writes, a count of what was asked, one place for all threads.

Rules: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api (a second between mutating requests)
and .../rate-limits-for-the-rest-api (secondary limits).
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ports import Clock


@dataclass(kw_only=True)
class Governor:
    clock: Clock
    pause: timedelta = timedelta(seconds=1)
    """Least time between the starts of two writes."""
    counts: Counter[str] = field(default_factory=Counter)
    """Requests by kind: `read`, `write`, and of the writes those that make content."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next_write: datetime | None = None

    def before(self, *, writes: bool, creates: bool) -> None:
        """Called before each request; waits its turn where it writes."""
        with self._lock:
            self.counts["write" if writes else "read"] += 1
            self.counts["create"] += creates
            if not writes or not self.pause:
                return
            now = self.clock.now()
            at = max(now, self._next_write or now)
            self._next_write = at + self.pause
        if at > now:
            self.clock.wait(at - now)
