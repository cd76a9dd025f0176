"""The board's fields, and what stands in a project's row: written for people, never read for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.current import cycles_used
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.orders.labels import Priority, labelled, priority_of
from bot.core.roles.role import Role

_LONGEST = 1000


class BoardFieldKind(Enum):
    """As GitHub's API names them."""

    SINGLE_SELECT = "SINGLE_SELECT"
    TEXT = "TEXT"
    NUMBER = "NUMBER"


@dataclass(frozen=True, kw_only=True)
class BoardField:
    name: str
    kind: BoardFieldKind
    options: tuple[str, ...] = ()
    """What can be chosen, in this order."""


_COLUMNS = (Phase.NEEDS_HUMAN, *(phase for phase in Phase if phase is not Phase.NEEDS_HUMAN))
"""What waits for a person stands first, where it is seen without scrolling; the others in the order that a project takes."""
STATUS = BoardField(name="Status", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(phase.value for phase in _COLUMNS))
AGENT = BoardField(name="Agent", kind=BoardFieldKind.TEXT)
ROLE = BoardField(name="Role", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(role.value for role in Role if role is not Role.WRITER))
CATEGORY = BoardField(name="Category", kind=BoardFieldKind.TEXT)
PRIORITY = BoardField(name="Priority", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(level.name.capitalize() for level in Priority))
CYCLE = BoardField(name="Cycle", kind=BoardFieldKind.NUMBER)
PROGRESS = BoardField(name="Progress", kind=BoardFieldKind.NUMBER)
STEP = BoardField(name="Step", kind=BoardFieldKind.TEXT)
SPEND = BoardField(name="Spend", kind=BoardFieldKind.NUMBER)
HEARTBEAT = BoardField(name="Heartbeat", kind=BoardFieldKind.TEXT)
RESUMES_AT = BoardField(name="Resumes at", kind=BoardFieldKind.TEXT)
REASON = BoardField(name="Reason", kind=BoardFieldKind.TEXT)

BOARD_FIELDS: tuple[BoardField, ...] = (
    STATUS,
    AGENT,
    ROLE,
    CATEGORY,
    PRIORITY,
    CYCLE,
    PROGRESS,
    STEP,
    SPEND,
    HEARTBEAT,
    RESUMES_AT,
    REASON,
)


def row_of(project: Project, status: Status, policy: Policy) -> Mapping[str, str | float | None]:
    """By field name. Progress is percent of the run's steps, Spend dollars, times are UTC; None leaves a field empty."""
    record, labels = project.record, project.issue.labels
    lease = record.lease
    at_work = 1 if lease is not None and status.phase is Phase.WORKING else 0
    return {
        STATUS.name: status.phase.value,
        AGENT.name: f"agent {lease.holder.agent}" if lease else None,
        ROLE.name: lease.role.value if lease else None,
        CATEGORY.name: labelled(labels, "category") or None,
        PRIORITY.name: priority_of(labels).name.capitalize(),
        CYCLE.name: float(min(policy.cycles, max(1, cycles_used(project) + at_work))),
        PROGRESS.name: 100.0 if status.phase is Phase.DONE else float(lease.progress) if lease else None,
        STEP.name: (lease.step[:_LONGEST] or "starts") if lease else None,
        SPEND.name: round(record.spent / 1_000_000, 4),
        HEARTBEAT.name: f"{lease.seen_at or lease.taken_at:%Y-%m-%d %H:%M} UTC" if lease else None,
        RESUMES_AT.name: f"{status.until:%Y-%m-%d %H:%M} UTC" if status.until else None,
        REASON.name: status.reason[:_LONGEST],
    }
