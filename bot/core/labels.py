"""Labels by who owns them: people's labels are input and never written over; the bot's are written for people and never read back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.phase import Phase

READY = "agent:ready"
HOLD = "agent:hold"
PROPOSED = "agent:proposed"
PHASES = "phase:"


@dataclass(frozen=True, kw_only=True)
class Label:
    name: str
    color: str
    description: str


PEOPLES = (
    Label(name=READY, color="0e8a16", description="A person with write access asks the bot to work on this issue"),
    Label(name=HOLD, color="fbca04", description="The bot leaves this issue alone until the label is taken off"),
    Label(name="priority:high", color="b60205", description="Before others in the queue"),
    Label(name="priority:low", color="c2e0c6", description="After others in the queue"),
)

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
        name=f"{PHASES}{phase.value}", color=_COLOR[phase], description="Where the project stands; written by the bot, never read by it"
    )


BOTS = (
    *(phase_label(phase) for phase in Phase),
    Label(name=PROPOSED, color="d4c5f9", description="An improvement that the bot proposes; add agent:ready to have it done"),
)


@dataclass(frozen=True, kw_only=True)
class LabelChange:
    add: frozenset[str]
    remove: frozenset[str]


def healed(current: frozenset[str], phase: Phase) -> LabelChange:
    """What makes the bot's own labels say `phase` and nothing else, however they were left."""
    wanted = phase_label(phase).name
    stale = {name for name in current if name.startswith(PHASES) and name != wanted and name in {label.name for label in BOTS}}
    return LabelChange(add=frozenset({wanted} - current), remove=frozenset(stale))


class Priority(Enum):
    HIGH = 0
    NORMAL = 1
    LOW = 2


def priority_of(labels: frozenset[str]) -> Priority:
    """The highest that is asked for; normal where nothing is."""
    if "priority:high" in labels:
        return Priority.HIGH
    return Priority.LOW if "priority:low" in labels else Priority.NORMAL


def both_priorities(labels: frozenset[str]) -> bool:
    """People's labels that contradict each other: neither is touched, the higher one counts, and whoever asks is told."""
    return {"priority:high", "priority:low"} <= labels


def priority_change(wanted: Priority) -> LabelChange:
    """What makes people's labels say `wanted`, where a person ordered it."""
    kept = frozenset() if wanted is Priority.NORMAL else frozenset({f"priority:{wanted.name.lower()}"})
    return LabelChange(add=kept, remove=frozenset({"priority:high", "priority:low"}) - kept)


def labelled(labels: frozenset[str], kind: str) -> str:
    """What people's labels `<kind>:…` say, for showing; empty where there is none."""
    return ", ".join(sorted(name.removeprefix(f"{kind}:") for name in labels if name.startswith(f"{kind}:")))
