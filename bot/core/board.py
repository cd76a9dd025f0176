"""The project board's fields: the one table that setting up makes them from and showing fills them by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.labels import Priority
from bot.core.phase import Phase
from bot.core.roles import Role


class BoardFieldKind(Enum):
    """GitHub's own words, as GraphQL's `ProjectV2CustomFieldType` has them."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    SINGLE_SELECT = "SINGLE_SELECT"


@dataclass(frozen=True, kw_only=True)
class BoardField:
    """`options` only where the kind is a single select, in the order in which people see them."""

    name: str
    kind: BoardFieldKind
    options: tuple[str, ...] = ()


BOARD_FIELDS: tuple[BoardField, ...] = (
    BoardField(name="Status", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(phase.value for phase in Phase)),
    BoardField(name="Agent", kind=BoardFieldKind.TEXT),
    BoardField(name="Role", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(role.value for role in Role if role is not Role.CLERK)),
    BoardField(name="Category", kind=BoardFieldKind.TEXT),
    BoardField(name="Priority", kind=BoardFieldKind.SINGLE_SELECT, options=tuple(priority.name.title() for priority in Priority)),
    BoardField(name="Cycle", kind=BoardFieldKind.NUMBER),
    BoardField(name="Progress", kind=BoardFieldKind.NUMBER),
    BoardField(name="Step", kind=BoardFieldKind.TEXT),
    BoardField(name="Spend", kind=BoardFieldKind.NUMBER),
    BoardField(name="Heartbeat", kind=BoardFieldKind.TEXT),
    BoardField(name="Resumes at", kind=BoardFieldKind.TEXT),
    BoardField(name="Reason", kind=BoardFieldKind.TEXT),
)
