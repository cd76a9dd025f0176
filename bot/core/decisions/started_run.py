"""A run that holds its lease and its money, and has not begun to work: all that any machine needs to carry it out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.decisions.effects import StartRun
from bot.core.facts.record import Holder, Record
from bot.core.runs.run import Brief


@dataclass(frozen=True, kw_only=True)
class StartedRun:
    """`record` is the project's as the push that took the lease made it."""

    start: StartRun
    holder: Holder
    record: Record
    brief: Brief
