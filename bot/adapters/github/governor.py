"""Good manners for every call to GitHub: a pause between writes, silence while GitHub says so, a count of what was asked.

Rules: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api (a second between mutating requests)
and .../rate-limits-for-the-rest-api (secondary limits; who goes on while limited risks to be banned).
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ports import Clock, GitHubTrouble, GitHubTroubleKind


@dataclass(kw_only=True)
class Governor:
    """One for a process, whatever its number of threads and identities."""

    clock: Clock
    pause: timedelta = timedelta(seconds=1)
    """Least time between the starts of two writes."""
    counts: Counter[str] = field(default_factory=Counter)
    """Requests by kind: `read`, `write`; and `create`, the pieces of content that writes made."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next_write: datetime | None = None
    _silent: dict[str, datetime] = field(default_factory=dict)

    def turn(self, who: str, *, writes: bool, creates: int = 0) -> None:
        """Called before each request; waits its turn where it writes. Raises `GitHubTrouble` while `who` is limited: nothing is sent."""
        with self._lock:
            now = self.clock.now()
            until = self._silent.get(who, now)
            if until > now:
                raise GitHubTrouble(GitHubTroubleKind.LIMITED, f"GitHub asked {who} to wait until {until:%H:%M:%S} UTC", resume_at=until)
            self.counts["write" if writes else "read"] += 1
            self.counts["create"] += creates
            if not writes or not self.pause:
                return
            at = max(now, self._next_write or now)
            self._next_write = at + self.pause
        if at > now:
            self.clock.wait(at - now)

    def silence(self, who: str, until: datetime) -> None:
        """Limits are an identity's own; the other one may go on."""
        with self._lock:
            self._silent[who] = max(until, self._silent.get(who, until))
