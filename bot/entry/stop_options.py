"""Stop and start as people ask for them: of everything, or of one agent or one category."""

from __future__ import annotations

from bot.core.facts.project import Pausable
from bot.flows import stop_start
from bot.flows.context import Context


def stop_selected(context: Context, *, agent: str | None, category: str | None, by: str, reason: str) -> list[str]:
    """What is true afterwards, a line each. Raises `UserError` for an agent or a category that is not there."""
    parts = _parts(agent, category)
    if not parts:
        return [stop_start.stop(context, by=by, reason=reason)]
    return [stop_start.pause(context, what, name, by=by, reason=reason) for what, name in parts]


def start_selected(context: Context, *, agent: str | None, category: str | None, by: str) -> list[str]:
    """What is true afterwards, a line each. Raises `UserError` for an agent or a category that is not there."""
    parts = _parts(agent, category)
    if not parts:
        return [stop_start.start(context, by=by)]
    return [stop_start.resume(context, what, name, by=by) for what, name in parts]


def _parts(agent: str | None, category: str | None) -> list[tuple[Pausable, str]]:
    asked = ((Pausable.AGENT, agent), (Pausable.CATEGORY, category))
    return [(what, name.strip()) for what, name in asked if name and name.strip()]
