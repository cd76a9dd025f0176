"""One merge order for the whole repository: who is next, who waits for whom, and whose approval survives merging the base in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.core.evidence.notes import outstanding_requests
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import NextStep, Status, just_updated
from bot.core.orders.labels import priority_of

MOST_CONFLICTS = 3
"""Conflicting pull requests above which no new work is begun: it would only make more of them."""


def in_order(projects: Iterable[Project]) -> list[Project]:
    """Priority, then the number; the same for work and for merges."""
    return sorted(projects, key=lambda project: (priority_of(project.issue.labels).value, project.issue.number))


def in_merge_order(projects: Sequence[Project], statuses: Mapping[int, Status], policy: Policy) -> dict[int, Status]:
    """The statuses with everybody in line: one is tested on the tip and merged at a time, and one conflict is resolved at a time.

    Whoever carries the tip already goes first: its checks have run, or run now, on exactly what would be merged.
    """
    after = dict(statuses)
    if policy.up_to_date:
        line = in_order(project for project in projects if _is_in_line(project, statuses[project.number], policy))
        first = min(line, key=lambda project: project.behind, default=None)
        for project in line:
            if first is not None and project is not first and statuses[project.number].next_step in (NextStep.MERGE, NextStep.UPDATE):
                reason = f"approved; waits for its turn to be merged, after #{first.number}"
                after[project.number] = Status(phase=Phase.APPROVED, reason=reason, refers_to=frozenset({first.number}))
    conflicting = in_order(project for project in projects if _wants_resolution(project, statuses[project.number]))
    for project in conflicting[1:]:
        status = statuses[project.number]
        after[project.number] = replace(
            status,
            next_step=None,
            reason=f"{status.reason}; waits for #{conflicting[0].number}, which is before it",
            refers_to=frozenset({conflicting[0].number}),
        )
    return after


def conflicts_pending(projects: Iterable[Project]) -> int:
    return sum(project.conflict is not None for project in projects)


def _is_in_line(project: Project, status: Status, policy: Policy) -> bool:
    if status.next_step in (NextStep.MERGE, NextStep.UPDATE):
        return True
    pull = current_pull(project)
    carries_the_tip = pull is not None and not project.behind and just_updated(project, pull)
    waits_for_people = pull is not None and (pull.blocked or bool(outstanding_requests(pull, policy)))
    return carries_the_tip and not waits_for_people and status.phase in (Phase.REVIEWING, Phase.APPROVED)


def _wants_resolution(project: Project, status: Status) -> bool:
    return project.conflict is not None and status.next_step is NextStep.EXECUTE
