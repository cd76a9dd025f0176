"""Writing off a run that nobody will hand in: its grant counts as spent, and what it had done before goes on from its checkpoint."""

from __future__ import annotations

from bot.core.ledger import Entry, EntryKind, with_settlement
from bot.core.record import Record
from bot.flows.means import Means
from bot.flows.moving import keeping_its_conversation
from bot.ports import Change, RefState


def written_off(means: Means, state: RefState, after: Record, *, note: str) -> Change:
    """`after` is the record whose newest run is the lost one; `note` is for the ledger."""
    lost = after.runs[-1]
    entry = Entry(
        kind=EntryKind.SETTLE,
        at=means.clock.now(),
        run=lost.run,
        project=after.number,
        role=lost.role,
        agent=lost.agent,
        amount=lost.spent,
        note=note,
    )
    return keeping_its_conversation(means, after, f"Write off run {lost.run}", ledger=with_settlement(state.ledger, entry))
