"""The writer lock: one process at a time writes to GitHub's API, and its holder notes how far people's comments were read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.facts.record import WRITER_LOCK, CommentCursor, Lease
from bot.core.lifecycle.lease import Refused, renewed, taken
from bot.core.money.pricing import ZERO
from bot.core.roles.role import Role
from bot.flows.context import Context
from bot.flows.ref_updates import move, record_of
from bot.ports import Change, RefState

WRITER_LEASE = timedelta(minutes=2)


def acquire_writer_lock(context: Context, seen: RefState, *, read_until: datetime | None = None) -> RefState | Refused:
    """Takes or renews the right to write to GitHub's API, which one process has at a time.

    With it the comment cursor begins, or moves to `read_until`.
    """
    record = record_of(seen, WRITER_LOCK)
    now = context.clock.now()
    lease = record.lease
    if lease is not None and lease.holder == context.writer and lease.until - now > WRITER_LEASE / 2:
        return seen
    return move(context, lambda state: _writer_lock(context, state, read_until))


def release_writer_lock(context: Context) -> None:
    """Lets another process write at once instead of after the lease; harmless where this one does not hold it."""

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, WRITER_LOCK)
        if record.lease is None or record.lease.holder != context.writer:
            return Refused(reason="not held")
        return Change(message="Release the writer lock", record=replace(record, epoch=record.epoch + 1, lease=None))

    move(context, decide)


def _writer_lock(context: Context, state: RefState, read_until: datetime | None) -> Change | Refused:
    record, now = record_of(state, WRITER_LOCK), context.clock.now()
    until = now + WRITER_LEASE
    if record.lease is not None and record.lease.holder == context.writer and record.lease.held(now):
        after = renewed(record, context.writer, now, until)
    else:
        # The lease of a writer that ended has no run and no money to settle.
        over = record.lease is not None and (not record.lease.held(now) or record.lease.holder in context.former_writers)
        free = replace(record, lease=None) if over else record
        lease = Lease(holder=context.writer, role=Role.WRITER, taken_at=now, until=until, grant=ZERO, cycle=0, base=state.base)
        after = taken(free, lease, now)
    if isinstance(after, Refused):
        holder = record.lease.holder.run if record.lease else "nobody"
        return Refused(reason=f"another process ({holder}) writes to GitHub now")
    # GitHub's times have whole seconds.
    cursor = after.cursor or CommentCursor(began=now.replace(microsecond=0), since=now.replace(microsecond=0))
    if read_until is not None:
        cursor = replace(cursor, since=max(cursor.since, read_until))
    after = replace(after, cursor=cursor)
    return Change(message=f"{context.writer.run} writes to GitHub until {until:%H:%M:%S} UTC", record=after)
