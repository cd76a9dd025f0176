"""Moving refs: read, decide, push, and decide again when somebody else was faster. The fence of everything that is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.lease import Refused, renewed, taken
from bot.core.ledger import Ledger
from bot.core.money import ZERO
from bot.core.record import TICK, Lease, Listening, Record
from bot.core.roles import Role
from bot.flows.means import Means, RunMeans
from bot.ports import Change, Push, RefState

_TRIES = 40
CLERK_LEASE = timedelta(minutes=2)


def record_of(state: RefState, number: int) -> Record:
    return state.records.get(number) or Record(number=number)


def move(means: RunMeans, decide: Callable[[RefState], Change | Refused]) -> RefState | Refused:
    """Pushes what `decide` makes of the refs as they are; asked again each time that a race was lost.

    Raises `GitTrouble` when the remote cannot be reached. The state returned is read after the push.
    """
    for _ in range(_TRIES):
        with means.turn:
            state = means.refs.read()
            change = decide(state)
            if isinstance(change, Refused):
                return change
            if means.refs.push(state, change) is Push.DONE:
                return means.refs.read()
    return Refused(reason=f"the refs kept moving under {_TRIES} tries; the next tick tries again")


def keeping_its_conversation(means: RunMeans, after: Record, message: str, *, ledger: Ledger | None = None) -> Change:
    """Where a checkpoint says that a run goes on from it, the conversation is stored again beside the record, or it would be dropped."""
    transcript = means.refs.transcript(after.number) if after.checkpoint else None
    return Change(message=message, record=after, ledger=ledger, transcript=transcript)


def hold_the_pen(means: Means, seen: RefState, *, heard_until: datetime | None = None) -> RefState | Refused:
    """Takes or renews the right to write to GitHub's API, which one process has at a time.

    With it the bot begins to listen to what people say, or notes that it has heard all that was said until `heard_until`.
    """
    record = record_of(seen, TICK)
    now = means.clock.now()
    lease = record.lease
    if lease is not None and lease.holder == means.clerk and lease.until - now > CLERK_LEASE / 2:
        return seen
    return move(means, lambda state: _pen(means, state, heard_until))


def drop_the_pen(means: Means) -> None:
    """Lets another process write at once instead of after the lease; harmless where this one does not hold it."""

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, TICK)
        if record.lease is None or record.lease.holder != means.clerk:
            return Refused(reason="not held")
        return Change(message="The clerk is done", record=replace(record, epoch=record.epoch + 1, lease=None))

    move(means, decide)


def _pen(means: Means, state: RefState, heard_until: datetime | None) -> Change | Refused:
    record, now = record_of(state, TICK), means.clock.now()
    until = now + CLERK_LEASE
    if record.lease is not None and record.lease.holder == means.clerk and record.lease.held(now):
        after = renewed(record, means.clerk, now, until)
    else:
        # An ended clerk's lease has no run and no money to settle.
        free = record if record.lease is None or record.lease.held(now) else replace(record, lease=None)
        lease = Lease(holder=means.clerk, role=Role.CLERK, taken_at=now, until=until, grant=ZERO, cycle=0, base=state.base)
        after = taken(free, lease, now)
    if isinstance(after, Refused):
        holder = record.lease.holder.run if record.lease else "nobody"
        return Refused(reason=f"another process ({holder}) writes to GitHub now")
    # GitHub's times have whole seconds.
    listening = after.listening or Listening(began=now.replace(microsecond=0), since=now.replace(microsecond=0))
    if heard_until is not None:
        listening = replace(listening, since=max(listening.since, heard_until))
    after = replace(after, listening=listening)
    return Change(message=f"{means.clerk.run} writes to GitHub until {until:%H:%M:%S} UTC", record=after)
