"""Which unfinished conversation a run goes on with: only one of its own role, about the same thing; and what a review may use in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.evidence.verdict import same_work
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.facts.record import Record, Run
from bot.core.money.pricing import MicroUsd
from bot.core.roles.role import Role
from bot.core.runs.run import Ending, Grant

_RESUMABLE = frozenset({Ending.UNFINISHED, Ending.STOPPED, Ending.LIMITED})
_REVIEW_GRANTS = 2
_TOO_SHORT = timedelta(minutes=1)


def run_to_go_on(record: Record, role: Role, *, head: str | None = None, since: datetime | None = None) -> Run | None:
    """The run whose conversation is kept, where it is this role's: a review's only on the head that it looked at, nothing from before
    a fresh start."""
    run = next((run for run in reversed(record.runs) if run.ending in _RESUMABLE), None)
    if not record.checkpoint or run is None or run.role is not role or (since is not None and run.started_at < since):
        return None
    return run if role is not Role.REVIEW or run.head == head else None


@dataclass(frozen=True, kw_only=True)
class ReviewLeft:
    """What is left of a review's total: its time limit, and twice its grant."""

    money: MicroUsd
    time: timedelta

    def within(self, grant: Grant) -> Grant:
        return replace(grant, money=MicroUsd(min(grant.money, self.money)), time=min(grant.time, self.time))


def review_left(project: Project, runs: Sequence[Run], head: str, policy: Policy) -> ReviewLeft | None:
    """None once segments on this very work have used it up without a verdict; a rest too small to say anything with counts as used."""
    heads = same_work(project.record, head)
    spent = [run for run in runs if run.role is Role.REVIEW and run.verdict is None and run.head in heads]
    grant = policy.grants[Role.REVIEW]
    money = _REVIEW_GRANTS * grant.money - sum(run.spent for run in spent)
    time = policy.review_limit - sum(((run.ended_at - run.started_at) for run in spent), timedelta())
    if spent and (money < grant.money // 10 or time < _TOO_SHORT):
        return None
    return ReviewLeft(money=MicroUsd(money), time=time)
