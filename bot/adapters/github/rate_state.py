"""What one identity has used and been told, and the rule that says when its next call may go. Pure: the time comes in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from math import ceil, inf
from typing import Any

from bot.adapters.github.limits import Call, Limits, Urgency, Window

_SLOTS = 120
"""A window is counted in so many slots. One counts until its end has left the window: never too little, at most 1/120 too long."""
_FORGOTTEN = 300.0
"""Whoever was told to come again and did not within so many seconds is waited for no more."""
_HORIZON = 2 * 3600.0
"""Nothing that GitHub says lasts longer; times beyond were written under a clock that was wrong."""
_AHEAD = 60.0
"""Nobody books further ahead, for the same reason."""


class DeferReason(Enum):
    TOLD = "GitHub asked for it"
    HOURLY = "the hourly budget is used up"
    WINDOW = "our own count stands at GitHub's limit"
    PACE = "writes keep their distance"
    NEVER = "it is more than the limit allows at all"


@dataclass(frozen=True, kw_only=True)
class Granted:
    at: float


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """Nothing was booked. `until` is when there will be room; `words` say of what."""

    why: DeferReason
    until: float
    words: str


@dataclass(kw_only=True)
class Meter:
    """An hourly budget as the newest answer told it."""

    limit: int
    remaining: int
    reset: float


@dataclass(kw_only=True)
class WaitingCaller:
    """Somebody who was refused: since when, told to come again when, and what it asked for in each window."""

    since: float
    back_at: float
    costs: dict[str, int]


@dataclass(kw_only=True)
class RateState:
    """Times are seconds since 1970, UTC."""

    slots: dict[str, dict[int, int]] = field(default_factory=dict)
    """By window: what was used in each slot of time."""
    next_write: float = 0.0
    silent: dict[str, float] = field(default_factory=dict)
    """Until when, by resource; `*` is all of them."""
    strikes: int = 0
    """Limits without a stated time, one after the other."""
    struck_at: float = 0.0
    meters: dict[str, Meter] = field(default_factory=dict)
    waiting: dict[str, WaitingCaller] = field(default_factory=dict)

    def admit(self, limits: Limits, call: Call, now: float, *, process: str = "") -> Granted | Deferred:
        """Books the call and says when it is to be sent, or says when to come again. Patience is counted by `asker`, a process."""
        self._forget(limits, now)
        costs = {window.name: call.cost(window.counted) for window in limits.windows}
        for window in limits.windows:
            if costs[window.name] > limits.allowed(window):
                words = f"{costs[window.name]} {window.name} in one request, of {limits.allowed(window)} that may be used"
                return Deferred(why=DeferReason.NEVER, until=inf, words=words)
        kind = "create" if call.creates else "write" if call.writes else "read"
        key = f"{process} {call.urgency.value} {call.resource} {kind}"
        first = self._goes_first(key, costs, limits, now)
        urgency = Urgency.REVIEW if first else call.urgency
        latest = self.told(limits, call, now) or Deferred(why=DeferReason.PACE, until=now, words="")
        for window in limits.windows:
            if cost := costs[window.name]:
                allowed = limits.allowed(window, urgency) - self._held(key, window.name, limits, now, first=first)
                room = self._room(window, cost, allowed, now)
                words = f"of {window.most} {window.name} this call may use up to {max(0, allowed)} at the moment"
                latest = max(latest, Deferred(why=DeferReason.WINDOW, until=room, words=words), key=_until)
        if call.writes:
            words = f"{limits.spacing().total_seconds():g} s lie between two writes"
            latest = max(latest, Deferred(why=DeferReason.PACE, until=self.next_write, words=words), key=_until)
        crowded = not first and self._is_anybody_due(key, limits, now)
        longest = min(limits.longest_wait.values()) if crowded else limits.longest_wait[urgency]
        if latest.until - now > longest.total_seconds():
            return self._noted(key, costs, limits, now, latest)
        self._book(limits, call, costs, latest.until)
        if (caller := self.waiting.get(key)) is not None and _covers(costs, caller.costs):
            del self.waiting[key]
        return Granted(at=latest.until)

    def silence(self, limits: Limits, resource: str, until: float | None, now: float) -> float:
        """GitHub said that it is enough, and until when, or not (None); the time that results. Answers of calls that were under way
        together are one limit, not several."""
        silent = self.silent.get(resource, 0.0)
        if until is None and silent > now:
            return silent
        if until is None:
            first, longest = limits.first_silence.total_seconds(), limits.longest_silence.total_seconds()
            self.strikes = self.strikes + 1 if now - self.struck_at < 2 * longest else 1
            self.struck_at = now
            until = now + min(longest, first * 2 ** (self.strikes - 1))
        self.silent[resource] = max(until, silent)
        return self.silent[resource]

    def record_answer(self, resource: str, limit: int, remaining: int, reset: float) -> None:
        """What an answer's headers told. Answers overtake each other: within one hour the smallest number is the newest."""
        known = self.meters.get(resource)
        if known is None or reset > known.reset + 1:
            self.meters[resource] = Meter(limit=limit, remaining=remaining, reset=reset)
        elif reset >= known.reset - 1:
            known.remaining = min(known.remaining, remaining)

    def written(self) -> None:
        """A write went through: whatever limit there was is over."""
        self.strikes = 0

    def told(self, limits: Limits, call: Call, now: float) -> Deferred | None:
        silent = max(self.silent.get("*", now), self.silent.get(call.resource, now))
        found = Deferred(why=DeferReason.TOLD, until=silent, words="GitHub limits it") if silent > now else None
        meter = self.meters.get(call.resource)
        if meter is not None and meter.remaining <= ceil(meter.limit * limits.reserve[call.urgency]) and meter.reset > silent:
            kept = "" if meter.remaining <= 0 else f", and those are kept for what is more urgent than {call.urgency.value}"
            words = f"{meter.remaining} of its {meter.limit} requests an hour ({call.resource}) are left{kept}"
            found = Deferred(why=DeferReason.HOURLY, until=meter.reset, words=words)
        return found

    def _goes_first(self, key: str, costs: dict[str, int], limits: Limits, now: float) -> bool:
        caller = self.waiting.get(key)
        return caller is not None and _is_due(caller, limits, now) and _covers(costs, caller.costs)

    def _is_anybody_due(self, key: str, limits: Limits, now: float) -> bool:
        return any(_is_due(caller, limits, now) for other, caller in self.waiting.items() if other != key)

    def _held(self, key: str, window: str, limits: Limits, now: float, *, first: bool) -> int:
        """What is kept free for those whose patience is over: the longest wait goes first."""
        since = self.waiting[key].since if first else inf
        return sum(
            caller.costs.get(window, 0)
            for other, caller in self.waiting.items()
            if _is_due(caller, limits, now) and caller.since < since and not (first and other == key)
        )

    def _room(self, window: Window, cost: int, allowed: int, now: float) -> float:
        length = window.length.total_seconds()
        width = length / _SLOTS
        slots = self.slots.get(window.name, {})
        used, at = sum(slots.values()), now
        for slot in sorted(slots):
            if used + cost <= allowed:
                return at
            used -= slots[slot]
            at = (slot + 1) * width + length
        return at if used + cost <= allowed else max(at, now + 60)

    def _book(self, limits: Limits, call: Call, costs: dict[str, int], at: float) -> None:
        for window in limits.windows:
            if cost := costs[window.name]:
                slots = self.slots.setdefault(window.name, {})
                slot = int(at * _SLOTS / window.length.total_seconds())
                slots[slot] = slots.get(slot, 0) + cost
        if call.writes:
            self.next_write = at + limits.spacing().total_seconds()

    def _noted(self, key: str, costs: dict[str, int], limits: Limits, now: float, deferred: Deferred) -> Deferred:
        """Whoever waits for our own count comes again when the patience is over, and goes first then."""
        known = self.waiting.setdefault(key, WaitingCaller(since=now, back_at=deferred.until, costs=costs))
        due_at = known.since + limits.patience.total_seconds()
        if deferred.why in (DeferReason.WINDOW, DeferReason.PACE) and now < due_at < deferred.until:
            deferred = replace(deferred, until=due_at)
        known.back_at = deferred.until
        known.costs = costs if _covers(costs, known.costs) else known.costs
        return deferred

    def _forget(self, limits: Limits, now: float) -> None:
        for window in limits.windows:
            if slots := self.slots.get(window.name):
                width = window.length.total_seconds() / _SLOTS
                oldest, newest = (now - window.length.total_seconds()) / width - 1, (now + _AHEAD) / width
                if min(slots) <= oldest or max(slots) > newest:
                    self.slots[window.name] = {slot: used for slot, used in slots.items() if oldest < slot <= newest}
        if self.next_write > now + _AHEAD:
            self.next_write = now
        self.silent = {resource: until for resource, until in self.silent.items() if now < until <= now + _HORIZON}
        self.meters = {resource: meter for resource, meter in self.meters.items() if now < meter.reset <= now + _HORIZON}
        self.waiting = {key: caller for key, caller in self.waiting.items() if now <= caller.back_at + _FORGOTTEN}

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RateState:
        slots = {window: {int(slot): used for slot, used in found.items()} for window, found in data["slots"].items()}
        meters = {resource: Meter(**meter) for resource, meter in data["meters"].items()}
        waiting = {key: WaitingCaller(**caller) for key, caller in data["waiting"].items()}
        return cls(**{**data, "slots": slots, "meters": meters, "waiting": waiting})


def _until(deferred: Deferred) -> float:
    return deferred.until


def _is_due(caller: WaitingCaller, limits: Limits, now: float) -> bool:
    return now - caller.since >= limits.patience.total_seconds()


def _covers(costs: dict[str, int], others: dict[str, int]) -> bool:
    """Whether there is room for the one wherever there is room for the other; keys keep resources apart, so one number tells it."""
    return sum(costs.values()) >= sum(others.values())
