"""Work that weakens what judges it: whether a person has accepted that, and what is said until then."""

from __future__ import annotations

from bot.core.evidence.verdict import same_work
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, Pull, ReviewState
from bot.core.roles.role import Role


def weakened_by(project: Project, head: str) -> tuple[str, ...]:
    """What this very work weakens of what judges it, unasked."""
    heads = same_work(project.record, head)
    runs = [run for run in project.record.runs if run.role is Role.EXECUTION and run.head in heads]
    return runs[-1].weakened if runs else ()


def _is_accepted(project: Project, pull: Pull, policy: Policy) -> bool:
    """Whether somebody with write approved this very work on the pull request."""
    heads = same_work(project.record, pull.head)
    return any(
        review.state is ReviewState.APPROVED and review.may_write and review.author not in policy.own_logins and review.commit in heads
        for review in pull.reviews
    )


def unaccepted_weakening(project: Project, pull: Pull, policy: Policy) -> str | None:
    """Why it waits for a person, with the first of the figures; None where nothing was weakened, or somebody accepted it."""
    weakened = weakened_by(project, pull.head)
    if not weakened or _is_accepted(project, pull, policy):
        return None
    more = f" and {len(weakened) - 1} more" if len(weakened) > 1 else ""
    return f"approved and green, yet it weakens what judges it, which nobody asked for: {weakened[0]}{more}"
