"""The few labels by which the bot lets people filter what waits for them: written for people and never read back for a decision."""

from __future__ import annotations

from bot.core.facts.project import Project
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.orders.labels import PROPOSED, Label, LabelChange

NEEDS_HUMAN = "agent:needs-human"
WAITING = "agent:waiting"

BOT_LABELS = (
    Label(name=PROPOSED, color="d4c5f9", description="An improvement that the bot proposes; add agent:ready to have it done"),
    Label(name=NEEDS_HUMAN, color="b60205", description="A person has to decide; the status comment says what"),
    Label(name=WAITING, color="fef2c0", description="Queued, and something keeps it from beginning; the status comment says what"),
)

FORMER = frozenset(f"phase:{phase.value}" for phase in Phase)
"""One a phase, as there were before: each change of one is an event in the timeline that nobody asked for."""


def bot_label_change(project: Project, status: Status) -> LabelChange:
    """What makes the bot's own labels say how it stands, however they were left."""
    wanted = _wanted(project, status)
    current = project.issue.labels
    return LabelChange(add=wanted - current, remove=current & (frozenset({NEEDS_HUMAN, WAITING}) | FORMER) - wanted)


def _wanted(project: Project, status: Status) -> frozenset[str]:
    if status.phase is Phase.NEEDS_HUMAN:
        return frozenset({NEEDS_HUMAN})
    if project.record.epoch == 0 and status.phase in (Phase.BLOCKED, Phase.PAUSED):
        return frozenset({WAITING})
    return frozenset()
