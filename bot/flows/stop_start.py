"""The emergency stop, pauses of one agent or category, and their end: one ref, looked at before every run and every side effect."""

from __future__ import annotations

from difflib import get_close_matches

from bot.core.errors.user_errors import UserError
from bot.core.facts.project import Pausable, Pause, Stop, pause_of
from bot.core.lifecycle.lease import Refused
from bot.flows.context import Context
from bot.flows.ref_updates import move
from bot.ports import Change, Pauses, RefState, StartAgain


def stop(context: Context, *, by: str, reason: str) -> str:
    """Says what is true afterwards. Running agents see it within seconds, hand in what they have, and end."""

    def decide(state: RefState) -> Change | Refused:
        if state.stop is not None:
            return Refused(reason=f"It was stopped already, by {state.stop.by}: {state.stop.reason}")
        return Change(message=f"Stopped by {by}: {reason}", stop=Stop(by=by, at=context.clock.now(), reason=reason))

    moved = move(context, decide)
    return moved.reason if isinstance(moved, Refused) else f"Stopped. Agents at work end within 30 seconds and keep what they did: {reason}"


def start(context: Context, *, by: str) -> str:
    """Says what is true afterwards."""

    def decide(state: RefState) -> Change | Refused:
        if state.stop is None:
            return Refused(reason="It was not stopped.")
        return Change(message=f"Started again by {by}", stop=StartAgain(by=by, at=context.clock.now()))

    moved = move(context, decide)
    if isinstance(moved, Refused):
        return moved.reason
    paused = ", ".join(f"{one.what.value} {one.name}" for one in moved.pauses)
    return f"Started again. The next tick goes on where it was.{f' Still paused: {paused}.' if paused else ''}"


def pause(context: Context, what: Pausable, name: str, *, by: str, reason: str) -> str:
    """Says what is true afterwards. Raises `UserError` for an agent or category that is not there."""
    _check(context, what, name)

    def decide(state: RefState) -> Change | Refused:
        known = pause_of(state.pauses, what, name)
        if known is not None:
            return Refused(reason=f"{what.value} {name} was paused already, by {known.by}: {known.reason}")
        now = context.clock.now()
        paused = (*state.pauses, Pause(what=what, name=name, by=by, at=now, reason=reason))
        return Change(message=f"{what.value} {name} paused by {by}: {reason}", stop=Pauses(by=by, at=now, all=paused))

    moved = move(context, decide)
    return moved.reason if isinstance(moved, Refused) else f"Paused {what.value} {name}: {reason}"


def resume(context: Context, what: Pausable, name: str, *, by: str) -> str:
    """Says what is true afterwards. Raises `UserError` for an agent or category that is not there."""
    _check(context, what, name)

    def decide(state: RefState) -> Change | Refused:
        left = tuple(one for one in state.pauses if (one.what, one.name) != (what, name))
        if left == state.pauses:
            return Refused(reason=f"{what.value} {name} was not paused.")
        return Change(message=f"{what.value} {name} goes on, by {by}", stop=Pauses(by=by, at=context.clock.now(), all=left))

    moved = move(context, decide)
    return moved.reason if isinstance(moved, Refused) else f"{what.value} {name} goes on."


def _check(context: Context, what: Pausable, name: str) -> None:
    match what:
        case Pausable.AGENT:
            known = [str(agent) for agent in range(1, context.policy.agents + 1)]
        case Pausable.CATEGORY:
            known = sorted(category.name for category in context.policy.categories)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(known)}."
        raise UserError(f"There is no {what.value} `{name}` here; {hint}")
