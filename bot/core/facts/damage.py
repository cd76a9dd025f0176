"""What the bot stored and can no longer believe: a ref that does not prove itself, told as a fact and never as an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.facts.record import WRITER_LOCK

LEDGER = -3
"""The number under which damage of the ledger is told, as of a record."""

STOP = -4
"""The same of the emergency stop and the pauses."""

SHARED = frozenset({LEDGER, STOP, WRITER_LOCK})
"""What all projects depend on: while one of these is damaged nothing is started and nothing is spent."""


@dataclass(frozen=True, kw_only=True)
class Damage:
    number: int
    """Of the project, or one of those that stand for something else."""
    ref: str
    why: str
    """Goes on from the ref's name, as in `… is not signed by the bot`."""

    @property
    def said(self) -> str:
        return f"{self.ref} {self.why}"

    @property
    def remedy(self) -> str:
        which = str(self.number) if self.number > 0 else "--all"
        return f"`groundskeeper repair {which}` shows what stands there, and signs it once you say so."


def damage_of(damage: Iterable[Damage], number: int) -> Damage | None:
    return next((one for one in damage if one.number == number), None)


def shared_damage(damage: Iterable[Damage]) -> Damage | None:
    return next((one for one in damage if one.number in SHARED), None)
