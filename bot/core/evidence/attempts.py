"""What was tried before and did not come through, for whoever tries next."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.facts.record import Run
from bot.core.roles.role import Role
from bot.core.runs.run import Attempt, Ending

_MOST = 3
_LOG = 4_000


def attempts_of(runs: Sequence[Run], role: Role) -> tuple[Attempt, ...]:
    """The last runs of this role since one came through, oldest first."""
    own = [run for run in runs if run.role is role]
    came_through = [place for place, run in enumerate(own) if run.ending is Ending.FINISHED]
    tried = own[came_through[-1] + 1 :] if came_through else own
    return tuple(Attempt(number=place, note=run.note, report=run.report, log=_log(run)) for place, run in enumerate(tried, start=1))[
        -_MOST:
    ]


def _log(run: Run) -> str:
    failed = [f"$ {gate.command}\n{gate.output[-_LOG:]}" for gate in run.gates if not gate.passed]
    return "\n".join(failed)
