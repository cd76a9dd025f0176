"""The labels by which the bot shows where a project stands: written for people and never read back."""

from __future__ import annotations

from bot.core.lifecycle.phase import Phase
from bot.core.orders.labels import PROPOSED, Label, LabelChange

PHASE_PREFIX = "phase:"

_COLOR = {
    Phase.PROPOSED: "d4c5f9",
    Phase.READY: "bfdadc",
    Phase.WORKING: "1d76db",
    Phase.REVIEWING: "5319e7",
    Phase.REWORK: "d93f0b",
    Phase.APPROVED: "0e8a16",
    Phase.MERGING: "006b75",
    Phase.DONE: "6f42c1",
    Phase.BLOCKED: "e99695",
    Phase.PAUSED: "fef2c0",
    Phase.NEEDS_HUMAN: "b60205",
    Phase.CANCELLED: "cccccc",
}


def phase_label(phase: Phase) -> Label:
    """The one label by which the bot shows where a project stands."""
    return Label(
        name=f"{PHASE_PREFIX}{phase.value}",
        color=_COLOR[phase],
        description="Where the project stands; written by the bot, never read by it",
    )


BOT_LABELS = (
    *(phase_label(phase) for phase in Phase),
    Label(name=PROPOSED, color="d4c5f9", description="An improvement that the bot proposes; add agent:ready to have it done"),
)


def phase_label_change(current: frozenset[str], phase: Phase) -> LabelChange:
    """What makes the bot's own labels say `phase` and nothing else, however they were left."""
    wanted = phase_label(phase).name
    stale = {name for name in current if name.startswith(PHASE_PREFIX) and name != wanted and name in {label.name for label in BOT_LABELS}}
    return LabelChange(add=frozenset({wanted} - current), remove=frozenset(stale))
