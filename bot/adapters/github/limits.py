"""What GitHub allows, in one place, and how much of it each kind of call may use.

Source of the figures: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
and https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api (a second between mutating requests).
GitHub changes them without notice and tells nobody where it stands, so all of them are used with a margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from fractions import Fraction

RUNNERS_AT_MOST = 20


class Urgency(Enum):
    """Who goes first when there is not enough for all: what is written already is brought home before new work is begun."""

    REVIEW = "review"
    """Looking, verdicts, checks, merges."""
    EXECUTION = "execution"
    """Pull requests, and what people are shown."""
    IDEATION = "ideation"


class Counted(Enum):
    REST_POINTS = "REST points"
    GRAPHQL_POINTS = "GraphQL points"
    CREATED = "pieces of content"


@dataclass(frozen=True, kw_only=True)
class Window:
    """At most `most` within any `length` of time."""

    counted: Counted
    length: timedelta
    most: int

    @property
    def name(self) -> str:
        return f"{self.counted.value} in {int(self.length.total_seconds()) // 60} min"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as GitHub counts it. `creates` is the number of issues, pull requests, comments, reviews and the like that it makes."""

    urgency: Urgency = Urgency.REVIEW
    writes: bool = False
    creates: int = 0
    resource: str = "core"
    """The hourly budget that it is paid from: `core`, `graphql` or `search`, as `x-ratelimit-resource` names them."""

    def cost(self, counted: Counted) -> int:
        """A read is 1 point, a write is 5."""
        points = 5 if self.writes else 1
        match counted:
            case Counted.REST_POINTS:
                return 0 if self.resource == "graphql" else points
            case Counted.GRAPHQL_POINTS:
                return points if self.resource == "graphql" else 0
            case Counted.CREATED:
                return self.creates


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """An identity's limits, and our manners within them."""

    windows: tuple[Window, ...] = (
        Window(counted=Counted.REST_POINTS, length=_MINUTE, most=900),
        Window(counted=Counted.GRAPHQL_POINTS, length=_MINUTE, most=2000),
        Window(counted=Counted.CREATED, length=_MINUTE, most=80),
        Window(counted=Counted.CREATED, length=_HOUR, most=500),
        Window(counted=Counted.CREATED, length=timedelta(minutes=15), most=150),  # our own: a burst shall not use up the hour
    )
    pause: timedelta = timedelta(seconds=1)
    """Least time between the starts of two writes."""
    at_once: int = 10
    """Requests under way together; GitHub's own limit is 100."""
    margin: Fraction = Fraction(9, 10)
    """What we use of each window at most: GitHub counts at its end, and people use the same account."""
    share: Fraction = Fraction(1)
    """This machine's part, where several work as the same identity and cannot see each other's counts."""
    reserve: Mapping[Urgency, Fraction] = field(
        default_factory=lambda: {Urgency.REVIEW: Fraction(0), Urgency.EXECUTION: Fraction(1, 4), Urgency.IDEATION: Fraction(1, 2)}
    )
    """What each urgency leaves untouched for those above it, of windows and of the hourly budget."""
    longest_wait: Mapping[Urgency, timedelta] = field(
        default_factory=lambda: {
            Urgency.REVIEW: timedelta(seconds=5),
            Urgency.EXECUTION: timedelta(seconds=3),
            Urgency.IDEATION: timedelta(seconds=2),
        }
    )
    """Longer waits are refused with the time to come again, so that no tick hangs. The more urgent, the further ahead one may book."""
    patience: timedelta = timedelta(minutes=10)
    """Whoever was refused for so long goes next, before anybody else."""
    first_silence: timedelta = timedelta(minutes=1)
    """After a limit for which GitHub names no time; doubled at each further one: "wait for at least one minute", then "exponentially"."""
    longest_silence: timedelta = timedelta(hours=1)

    def allowed(self, window: Window, urgency: Urgency = Urgency.REVIEW) -> int:
        return int(window.most * self.margin * self.share * (1 - self.reserve[urgency]))

    def spacing(self) -> timedelta:
        return self.pause / float(self.share)

    def most_created(self, urgency: Urgency) -> int | None:
        """How many pieces of content one request may make at most; None where nothing limits it."""
        return min((max(1, self.allowed(one, urgency)) for one in self.windows if one.counted is Counted.CREATED), default=None)

    def shared_by(self, runners: int) -> Limits:
        """Raises `ValueError` for a number of runners whose shares would be too small to do anything with."""
        if not 1 <= runners <= RUNNERS_AT_MOST:
            raise ValueError(f"expected a number of runners from 1 to {RUNNERS_AT_MOST}, found {runners}")
        return replace(self, share=Fraction(1, runners), at_once=max(1, self.at_once // runners))


GITHUB = Limits()
_NOTHING = dict.fromkeys(Urgency, Fraction(0))
UNLIMITED = Limits(windows=(), pause=timedelta(), at_once=100, reserve=_NOTHING)
"""For a server that counts nothing, as the embedded GitHub unless told otherwise. What it says itself is heard all the same."""
