"""Which projects people are shown anything of."""

from __future__ import annotations

from bot.core.facts.project import Project
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.projections.bot_labels import FORMER, NEEDS_HUMAN, WAITING


def is_visible(project: Project, status: Status) -> bool:
    """Whether people are shown where it stands: from the first run on, or when something keeps it from having one, or ever kept it."""
    if project.issue.labels & ({NEEDS_HUMAN, WAITING} | FORMER):  # a comment stands there that says so
        return True
    if status.phase is Phase.PROPOSED or status.quiet:
        return False
    return project.record.epoch > 0 or status.phase not in (Phase.CANCELLED, Phase.READY)
