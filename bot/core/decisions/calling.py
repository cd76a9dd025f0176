"""When a person is called: once for each reason, where it is that person's turn and nothing goes on before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from datetime import datetime, timedelta

from bot.core.decisions.effects import CallPerson
from bot.core.evidence.notes import outstanding_requests
from bot.core.evidence.verdict import judging_run
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, PullState, Snapshot
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status

_SETTLES = timedelta(minutes=5)
"""GitHub says for a moment after an approval that something is missing still."""


def people_to_call(
    snapshot: Snapshot, statuses: Mapping[int, Status], policy: Policy, now: datetime, *, busy: Set[int]
) -> tuple[CallPerson, ...]:
    """Where this very plan moves a project's record otherwise (`busy`) the next look calls."""
    found = []
    for project in snapshot.projects:
        status = statuses[project.number]
        if project.number in busy or not _needs_a_person(project, status, policy, now):
            continue
        key = _key(project, status)
        if key not in project.record.called:
            found.append(_call(project, status, policy, key))
    return tuple(found)


def _needs_a_person(project: Project, status: Status, policy: Policy, now: datetime) -> bool:
    """An issue that only strangers gave to the bot calls nobody: anybody could else have people mentioned."""
    queued, pull = project.issue.queued, current_pull(project)
    if status.phase is Phase.NEEDS_HUMAN:
        return project.record.epoch > 0 or (queued is not None and queued.may_write)
    if status.phase is not Phase.APPROVED or status.next_step is not None or not status.remedy or pull is None:
        return False
    approved = judging_run(project, pull.head)
    # Whoever asked for changes is asked for another review instead.
    return not outstanding_requests(pull, policy) and approved is not None and now - approved.ended_at >= _SETTLES


def _key(project: Project, status: Status) -> str:
    """While nothing is done on it a reason stays the same one; after another run it is news."""
    runs = project.record.runs
    return hashlib.sha256(f"{status.reason}\n{runs[-1].run if runs else ''}".encode()).hexdigest()[:16]


def _call(project: Project, status: Status, policy: Policy, key: str) -> CallPerson:
    queued, pull = project.issue.queued, current_pull(project)
    mine = queued is None or not queued.may_write or queued.by in policy.own_logins
    return CallPerson(
        number=project.number,
        pull=pull.number if pull is not None and pull.state is PullState.OPEN else None,
        key=key,
        who=None if queued is None or mine else queued.by,
        remedy=status.remedy,
        reason=status.reason,
    )
