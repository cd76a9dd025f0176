"""What counts since a project's last fresh start: its pull request, its runs, the cycles used, the failures in a row."""

from __future__ import annotations

from datetime import datetime

from bot.core.evidence.notes import newest, pending_notes
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, Pull, PullState
from bot.core.facts.record import Run
from bot.core.roles.role import Role
from bot.core.runs.run import Ending


def current_pull(project: Project) -> Pull | None:
    """The project's pull request; one that was closed or merged before the issue was queued again belongs to the past."""
    pull = project.pull
    if pull is None or pull.state is PullState.OPEN or pull.closed_at is None:
        return pull
    fresh = fresh_since(project)
    return None if fresh is not None and pull.closed_at < fresh else pull


def fresh_since(project: Project) -> datetime | None:
    """When the project last got a fresh start: `agent:ready` put on, or `/agent retry` said."""
    queued, retried = project.issue.queued, project.record.orders.retried
    times = [*((queued.at,) if queued else ()), *((retried.at,) if retried else ())]
    return max(times, default=None)


def current_runs(project: Project) -> tuple[Run, ...]:
    """Runs since the last fresh start; what was before counts no more."""
    if not project.record.runs:
        return ()
    fresh = fresh_since(project)
    return tuple(run for run in project.record.runs if fresh is None or run.started_at >= fresh)


def cycles_used(project: Project) -> int:
    """What people asked for by notes is done as often as they ask."""
    return sum(run.role is Role.EXECUTION and run.ending is Ending.FINISHED and not run.notes for run in current_runs(project))


def failures_in_a_row(runs: tuple[Run, ...]) -> int:
    count = 0
    for run in reversed(runs):
        if run.ending not in (Ending.FAILED, Ending.EXPIRED):
            break
        count += 1
    return count


def runs_since_notes(project: Project, policy: Policy, runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """A person who writes on the pull request has decided that it goes on: only what failed since then counts."""
    said_at = newest(pending_notes(project, policy))
    return runs if said_at is None else tuple(run for run in runs if run.started_at >= said_at)


def just_updated(project: Project, pull: Pull) -> bool:
    """Whether the head is the bot's own merge of the base: what GitHub said of the head before it may still be heard for a while."""
    return bool(project.record.updates) and project.record.updates[-1].after == pull.head
