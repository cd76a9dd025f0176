"""A checker that knows only a list of requests and times, and what the governor's tests need beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import GITHUB, Call, Counted, Limits, Urgency, Window
from bot.ports import GitHubError, GitHubErrorKind

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PATIENCE = GITHUB.patience.total_seconds()


def low(points: int, per_minute: int, per_hour: int) -> Limits:
    windows = (
        Window(counted=Counted.REST_POINTS, length=MINUTE, most=points),
        Window(counted=Counted.CREATED, length=MINUTE, most=per_minute),
        Window(counted=Counted.CREATED, length=HOUR, most=per_hour),
        Window(counted=Counted.CREATED, length=HOUR / 4, most=per_hour * 3 // 10),
    )
    return replace(GITHUB, windows=windows)


@dataclass
class OwnClock:
    """Ten agents at once without ten threads: each has its own time, and the one that is furthest behind goes next."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def wait(self, duration: timedelta) -> None:
        assert duration > timedelta()
        self.time += duration


@dataclass(frozen=True, kw_only=True)
class Sent:
    agent: int
    urgency: Urgency
    wanted: float
    at: float
    points: int
    created: int
    writes: bool


def violations(sent: Sequence[Sent], *, points: int, per_minute: int, per_hour: int, pause: float = 1.0) -> list[str]:
    """By counting alone: every minute and every hour that ends with a request, and every two neighbouring writes."""
    found = []
    in_order = sorted(sent, key=lambda one: one.at)
    for one in in_order:
        minute = [other for other in in_order if one.at - 60 < other.at <= one.at]
        hour = [other for other in in_order if one.at - 3600 < other.at <= one.at]
        for name, count, most in (
            ("points a minute", sum(other.points for other in minute), points),
            ("created a minute", sum(other.created for other in minute), per_minute),
            ("created an hour", sum(other.created for other in hour), per_hour),
        ):
            if count > most:
                found.append(f"at {one.at:.1f} s: {count} {name}, of {most}")
    moments = [one.at for one in in_order if one.writes]
    found += [f"{after - before:.3f} s between writes" for before, after in pairwise(moments) if after - before < pause - 1e-6]
    return found


def refused_until(governor: Governor, call: Call) -> datetime | None:
    """None where it went, and otherwise when to come again."""
    try:
        with governor.turn("ann", call):
            return None
    except GitHubError as error:
        if error.kind is not GitHubErrorKind.LIMITED or error.resume_at is None:
            raise
        return error.resume_at


def goes(governor: Governor, call: Call) -> bool:
    return refused_until(governor, call) is None
