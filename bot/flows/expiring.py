"""Expiring a run that nobody will hand in: its grant counts as spent, and what it had done before goes on from its checkpoint."""

from __future__ import annotations

from bot.core.facts.record import Record
from bot.core.money.ledger import Entry, EntryKind, with_settlement
from bot.flows.context import Context
from bot.flows.ref_updates import keeping_transcript
from bot.ports import Change, RefState


def expiry(context: Context, state: RefState, after: Record, *, note: str) -> Change:
    """`after` is the record whose newest run is the lost one; `note` is for the ledger."""
    lost = after.runs[-1]
    entry = Entry(
        kind=EntryKind.SETTLE,
        at=context.clock.now(),
        run=lost.run,
        project=after.number,
        role=lost.role,
        agent=lost.agent,
        amount=lost.spent,
        note=note,
    )
    return keeping_transcript(context, after, f"Expire run {lost.run}", ledger=with_settlement(state.ledger, entry))
