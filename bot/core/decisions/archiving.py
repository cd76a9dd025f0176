"""When a project that ended is archived, and when an archived one is restored."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.decisions.effects import Archive, Restore
from bot.core.evidence.notes import owed_answers
from bot.core.facts.project import Project, Snapshot
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.orders.labels import READY


def to_archive(snapshot: Snapshot, statuses: Mapping[int, Status], moved: frozenset[int]) -> tuple[Archive, ...]:
    """What ended and is shown so; not what `moved` in this very plan, since its end could then be shown to nobody."""
    return tuple(
        Archive(number=one.number, reason=statuses[one.number].reason)
        for one in snapshot.projects
        if one.number not in moved and _is_finished(one, statuses[one.number])
    )


def to_restore(snapshot: Snapshot, statuses: Mapping[int, Status]) -> tuple[Restore, ...]:
    """A merged one that somebody reopened stays as it is, and is not closed again, until it is queued again."""
    return tuple(
        Restore(number=one.number, reason=statuses[one.number].reason)
        for one in snapshot.projects
        if one.record.archived and _is_queued(one) and statuses[one.number].phase is not Phase.DONE
    )


def _is_finished(project: Project, status: Status) -> bool:
    """Whatever is queued is seen at each look, and is only seen rightly with all that was done for it."""
    record = project.record
    ended = status.phase is Phase.DONE or (status.phase is Phase.CANCELLED and not _is_queued(project))
    quiet = record.lease is None and not owed_answers(project) and not record.unresolved
    return ended and status.next_step is None and record.epoch > 0 and quiet and not record.archived


def _is_queued(project: Project) -> bool:
    return project.issue.open and READY in project.issue.labels
