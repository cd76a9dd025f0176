"""Stop and start as people ask for them: of everything, or of one agent or one category."""

from __future__ import annotations

from bot.core.project import Pausable
from bot.flows import stopping
from bot.flows.means import Means


def halt(means: Means, *, agent: str | None, category: str | None, by: str, reason: str) -> list[str]:
    """What is true afterwards, a line each. Raises `UserError` for an agent or a category that is not there."""
    parts = _parts(agent, category)
    if not parts:
        return [stopping.stop(means, by=by, reason=reason)]
    return [stopping.pause(means, what, name, by=by, reason=reason) for what, name in parts]


def go_on(means: Means, *, agent: str | None, category: str | None, by: str) -> list[str]:
    """What is true afterwards, a line each. Raises `UserError` for an agent or a category that is not there."""
    parts = _parts(agent, category)
    if not parts:
        return [stopping.start(means, by=by)]
    return [stopping.resume(means, what, name, by=by) for what, name in parts]


def _parts(agent: str | None, category: str | None) -> list[tuple[Pausable, str]]:
    asked = ((Pausable.AGENT, agent), (Pausable.CATEGORY, category))
    return [(what, name.strip()) for what, name in asked if name and name.strip()]
