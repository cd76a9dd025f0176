"""One merge order for the whole repository: who is next, who waits for whom, and whose approval survives merging the base in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.core.labels import priority_of
from bot.core.phase import Phase
from bot.core.policy import Policy
from bot.core.project import Project
from bot.core.standing import Standing, Want, current_pull, just_updated
from bot.core.verdict import outstanding_request

MOST_CONFLICTS = 3
"""Conflicting pull requests above which no new work is begun: it would only make more of them."""


def in_order(projects: Iterable[Project]) -> list[Project]:
    """Priority, then the number; the same for work and for merges."""
    return sorted(projects, key=lambda project: (priority_of(project.issue.labels).value, project.number))


def lined_up(projects: Iterable[Project], standings: Mapping[int, Standing], policy: Policy) -> dict[int, Standing]:
    """The standings with everybody in line: one is tested on the tip and merged at a time, and one conflict is resolved at a time.

    Whoever carries the tip already goes first: its checks have run, or run now, on exactly what would be merged.
    """
    ordered = in_order(projects)
    after = dict(standings)
    if policy.up_to_date:
        line = [project for project in ordered if _is_in_line(project, standings[project.number], policy)]
        first = min(line, key=lambda project: project.behind, default=None)
        for project in line:
            if first is not None and project is not first and standings[project.number].want in (Want.MERGE, Want.UPDATE):
                reason = f"approved; waits for its turn to be merged, after #{first.number}"
                after[project.number] = Standing(phase=Phase.APPROVED, reason=reason)
    conflicting = [project for project in ordered if _wants_resolution(project, standings[project.number])]
    for project in conflicting[1:]:
        standing = standings[project.number]
        after[project.number] = replace(
            standing, want=None, reason=f"{standing.reason}; waits for #{conflicting[0].number}, which is before it"
        )
    return after


def conflicts_pending(projects: Iterable[Project]) -> int:
    return sum(project.conflict is not None for project in projects)


def _is_in_line(project: Project, standing: Standing, policy: Policy) -> bool:
    if standing.want in (Want.MERGE, Want.UPDATE):
        return True
    pull = current_pull(project)
    carries_the_tip = pull is not None and not project.behind and just_updated(project, pull)
    waits_for_people = pull is not None and (pull.blocked or outstanding_request(pull, policy) is not None)
    return carries_the_tip and not waits_for_people and standing.phase in (Phase.REVIEWING, Phase.APPROVED)


def _wants_resolution(project: Project, standing: Standing) -> bool:
    return project.conflict is not None and standing.want is Want.EXECUTE
