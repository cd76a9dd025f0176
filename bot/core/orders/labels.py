"""Labels by who owns them: people's labels are input and never written over; the bot's are written for people and never read back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

READY = "agent:ready"
HOLD = "agent:hold"
PROPOSED = "agent:proposed"


@dataclass(frozen=True, kw_only=True)
class Label:
    name: str
    color: str
    description: str


PEOPLE_LABELS = (
    Label(name=READY, color="0e8a16", description="A person with write access asks the bot to work on this issue"),
    Label(name=HOLD, color="fbca04", description="The bot leaves this issue alone until the label is taken off"),
    Label(name="priority:high", color="b60205", description="Before others in the queue"),
    Label(name="priority:low", color="c2e0c6", description="After others in the queue"),
)


@dataclass(frozen=True, kw_only=True)
class LabelChange:
    add: frozenset[str]
    remove: frozenset[str]


def category_label(name: str) -> Label:
    """Put on a proposal; from then on it is people's, as their own are."""
    return Label(name=f"category:{name}", color="d4c5f9", description=f"An improvement in the category {name}")


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


def categories_of(labels: frozenset[str]) -> frozenset[str]:
    return frozenset(name.removeprefix("category:") for name in labels if name.startswith("category:"))


def labelled(labels: frozenset[str], kind: str) -> str:
    """What people's labels `<kind>:…` say, for showing; empty where there is none."""
    return ", ".join(sorted(name.removeprefix(f"{kind}:") for name in labels if name.startswith(f"{kind}:")))
