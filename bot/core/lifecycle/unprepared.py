"""When the environment of the default branch could not be made, nothing is started: every run would only find that again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.facts.project import Snapshot
from bot.core.facts.record import Run
from bot.core.lifecycle.current import current_runs, fresh_since
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.runs.run import Ending

TRIED_AGAIN = timedelta(hours=1)
"""Trying costs no money, and a registry that was down may be up again."""


def unprepared(snapshot: Snapshot, now: datetime) -> Status | None:
    """Until the base moves, somebody says `/agent retry` or queues something again, or an hour has passed."""
    runs = [run for project in snapshot.projects for run in current_runs(project)] + list(snapshot.ideation.runs)
    last = max((run for run in runs if run.base == snapshot.base), key=_ended_at, default=None)
    if last is None or last.ending is not Ending.UNPREPARED or now >= last.ended_at + TRIED_AGAIN:
        return None
    if any((fresh := fresh_since(project)) is not None and fresh > last.ended_at for project in snapshot.projects):
        return None
    return Status(phase=Phase.PAUSED, reason=last.note, until=last.ended_at + TRIED_AGAIN)


def _ended_at(run: Run) -> datetime:
    return run.ended_at
