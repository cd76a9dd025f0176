"""When a project that ended is put away, and when one that was put away is looked at again."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.effects import Retire, Revive
from bot.core.labels import READY
from bot.core.phase import Phase
from bot.core.project import Project, Snapshot
from bot.core.standing import Standing


def put_away(snapshot: Snapshot, standings: Mapping[int, Standing], moved: frozenset[int]) -> tuple[Retire, ...]:
    """What ended and is shown so; not what `moved` in this very plan, since its end could then be shown to nobody."""
    return tuple(
        Retire(number=one.number, reason=standings[one.number].reason)
        for one in snapshot.projects
        if one.number not in moved and _is_finished(one, standings[one.number])
    )


def revived(snapshot: Snapshot, standings: Mapping[int, Standing]) -> tuple[Revive, ...]:
    """A merged one that somebody reopened stays as it is, and is not closed again, until it is queued again."""
    return tuple(
        Revive(number=one.number, reason=standings[one.number].reason)
        for one in snapshot.projects
        if one.record.over and _is_queued(one) and standings[one.number].phase is not Phase.DONE
    )


def _is_finished(project: Project, standing: Standing) -> bool:
    """Whatever is queued is seen at each look, and is only seen rightly with all that was done for it."""
    record = project.record
    ended = standing.phase is Phase.DONE or (standing.phase is Phase.CANCELLED and not _is_queued(project))
    return ended and standing.want is None and record.epoch > 0 and record.lease is None and not record.over


def _is_queued(project: Project) -> bool:
    return project.issue.open and READY in project.issue.labels
