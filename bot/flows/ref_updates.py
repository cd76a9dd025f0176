"""Moving refs: read, decide, push, and decide again when somebody else was faster. The fence of everything that is stored."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.facts.damage import LEDGER, STOP, Damage
from bot.core.facts.record import Record
from bot.core.lifecycle.lease import Refused
from bot.core.money.ledger import Ledger
from bot.flows.context import RunContext
from bot.ports import Change, RefState

_TRIES = 40


def record_of(state: RefState, number: int) -> Record:
    return state.records.get(number) or Record(number=number)


def move(context: RunContext, decide: Callable[[RefState], Change | Refused]) -> RefState | Refused:
    """Pushes what `decide` makes of the refs as they are; asked again each time that a race was lost.

    Raises `GitError` when the remote cannot be reached. The state returned is the one that the push left.
    """
    for _ in range(_TRIES):
        with context.turn:
            state = context.refs.read()
            change = decide(state)
            if isinstance(change, Refused):
                return change
            if (broken := _in_the_way(state, change)) is not None:
                return Refused(reason=f"{broken.said}; {broken.remedy}")
            after = context.refs.push(state, change)
            if after is not None:
                return after
    return Refused(reason=f"the refs kept moving under {_TRIES} tries; the next tick tries again")


def _in_the_way(state: RefState, change: Change) -> Damage | None:
    """What cannot be believed is not built on."""
    wanted = {change.record.number} if change.record is not None else set()
    wanted |= {LEDGER} if change.ledger is not None and change.ledger != state.ledger else set()
    wanted |= {STOP} if change.stop is not None else set()
    return next((one for one in state.damage if one.number in wanted), None)


def keeping_transcript(context: RunContext, after: Record, message: str, *, ledger: Ledger | None = None) -> Change:
    """Where a checkpoint says that a run goes on from it, the conversation is stored again beside the record, or it would be dropped."""
    transcript = context.refs.transcript(after.number) if after.checkpoint else None
    return Change(message=message, record=after, ledger=ledger, transcript=transcript)
