"""The emergency stop and its end: one ref, looked at before every run and every side effect."""

from __future__ import annotations

from bot.core.lease import Refused
from bot.core.project import Stop
from bot.flows.means import Means
from bot.flows.moving import move
from bot.ports import Change, RefState, StartAgain


def stop(means: Means, *, by: str, reason: str) -> str:
    """Says what is true afterwards. Running agents see it within seconds, hand in what they have, and end."""

    def decide(state: RefState) -> Change | Refused:
        if state.stop is not None:
            return Refused(reason=f"It was stopped already, by {state.stop.by}: {state.stop.reason}")
        return Change(message=f"Stopped by {by}: {reason}", stop=Stop(by=by, at=means.clock.now(), reason=reason))

    moved = move(means, decide)
    return moved.reason if isinstance(moved, Refused) else f"Stopped. Agents at work end within 30 seconds and keep what they did: {reason}"


def start(means: Means, *, by: str) -> str:
    """Says what is true afterwards."""

    def decide(state: RefState) -> Change | Refused:
        if state.stop is None:
            return Refused(reason="It was not stopped.")
        return Change(message=f"Started again by {by}", stop=StartAgain(by=by, at=means.clock.now()))

    moved = move(means, decide)
    return moved.reason if isinstance(moved, Refused) else "Started again. The next tick goes on where it was."
