"""The ledger of all money: reserved before a run starts, settled from reported usage, never above the caps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from bot.core.money.pricing import MicroUsd, dollars
from bot.core.roles.role import Role


class EntryKind(Enum):
    RESERVE = "reserve"
    SETTLE = "settle"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger. A run's reservation counts until its settlement replaces it."""

    kind: EntryKind
    at: datetime
    run: str
    project: int
    role: Role
    agent: int
    amount: MicroUsd
    requests: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Hard limits over all roles together, per UTC day and UTC month."""

    daily: MicroUsd
    monthly: MicroUsd


@dataclass(frozen=True, kw_only=True)
class Unaffordable:
    """Why a grant cannot be reserved now, and when it may be by itself: at the reset, or at once when a run settles."""

    reason: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The entries that count for today and this month, oldest first."""

    entries: tuple[Entry, ...] = ()


def committed(ledger: Ledger, since: datetime) -> MicroUsd:
    """Money settled at or after `since`, and all that is still reserved: it may yet be spent in the same window."""
    return MicroUsd(sum(entry.amount for entry in _last(ledger) if entry.at >= since or entry.kind is EntryKind.RESERVE))


def reserved(ledger: Ledger) -> MicroUsd:
    """Money promised to runs that have not been settled."""
    return MicroUsd(sum(entry.amount for entry in unsettled(ledger)))


def settled(ledger: Ledger, since: datetime) -> MicroUsd:
    """Money settled at or after `since`."""
    return MicroUsd(sum(entry.amount for entry in _last(ledger) if entry.kind is EntryKind.SETTLE and entry.at >= since))


def start_of_day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def start_of_month(now: datetime) -> datetime:
    return start_of_day(now).replace(day=1)


def next_day(now: datetime) -> datetime:
    return start_of_day(now) + timedelta(days=1)


def next_month(now: datetime) -> datetime:
    return (start_of_month(now) + timedelta(days=32)).replace(day=1)


def room(ledger: Ledger, caps: Caps, now: datetime) -> MicroUsd:
    """What may still be reserved now under both caps; never negative."""
    today = caps.daily - committed(ledger, start_of_day(now))
    month = caps.monthly - committed(ledger, start_of_month(now))
    return MicroUsd(max(0, min(today, month)))


def affordable(ledger: Ledger, caps: Caps, grant: MicroUsd, now: datetime) -> Unaffordable | None:
    """None where `grant` fits under both caps; otherwise which cap stands in the way and until when."""
    for name, cap, since, until in (
        ("monthly", caps.monthly, start_of_month(now), next_month(now)),
        ("daily", caps.daily, start_of_day(now), next_day(now)),
    ):
        used = committed(ledger, since)
        if used + grant > cap:
            held = reserved(ledger)
            waiting = f", {dollars(held)} of it reserved by running agents" if held else ""
            return Unaffordable(
                reason=f"the {name} cap of {dollars(cap)} leaves {dollars(MicroUsd(max(0, cap - used)))} "
                f"({dollars(used)} used{waiting}), and a run needs {dollars(grant)}",
                until=until,
            )
    return None


def with_reservation(ledger: Ledger, entry: Entry, caps: Caps) -> Ledger | Unaffordable:
    """The ledger once `entry` is reserved; refused above a cap, so that no path can overrun."""
    error = affordable(ledger, caps, entry.amount, entry.at)
    return error if error is not None else Ledger(entries=(*ledger.entries, entry))


def with_settlement(ledger: Ledger, entry: Entry) -> Ledger:
    """The ledger once a run is settled. A run is settled once: a repeat changes nothing."""
    if any(old.run == entry.run and old.kind is EntryKind.SETTLE for old in ledger.entries):
        return ledger
    return Ledger(entries=(*ledger.entries, entry))


def unsettled(ledger: Ledger) -> tuple[Entry, ...]:
    return tuple(entry for entry in _last(ledger) if entry.kind is EntryKind.RESERVE)


def _last(ledger: Ledger) -> Iterable[Entry]:
    """Each run's newest entry: a settlement takes the place of its reservation."""
    return {entry.run: entry for entry in ledger.entries}.values()
