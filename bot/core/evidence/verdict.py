"""Verdicts: which one counts for a head, whether people can see it, and what it asks to be mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.evidence.checks import red_on_base
from bot.core.facts.policy import REVIEW_CHECK, Policy
from bot.core.facts.project import Check, CheckState, Project, Pull, QueueRemoval, ReviewState
from bot.core.facts.record import Record, Run
from bot.core.roles.role import Role
from bot.core.runs.run import Finding, Verdict


def same_work(record: Record, head: str) -> tuple[str, ...]:
    """`head`, and the older heads that it came from by nothing but the bot's merging the base in."""
    heads = [head]
    for update in reversed(record.updates):
        if update.after == heads[-1]:
            heads.append(update.before)
    return tuple(heads)


def judging_run(project: Project, head: str) -> Run | None:
    """The newest review of this head, or of the same work before the base was merged into it."""
    heads = same_work(project.record, head)
    return next(
        (run for run in reversed(project.record.runs) if run.role is Role.REVIEW and run.verdict and run.verdict.head in heads), None
    )


def verdict_on(project: Project, head: str) -> Verdict | None:
    """The newest verdict on this very work; one on another head counts for nothing."""
    run = judging_run(project, head)
    return replace(run.verdict, head=head) if run is not None and run.verdict is not None else None


def is_shown(verdict: Verdict, project: Project, pull: Pull, policy: Policy) -> bool:
    """Whether the pull request carries the verdict: the check, and the review where a second identity can write one."""
    wanted = CheckState.SUCCESS if verdict.approved else CheckState.FAILURE
    checked = any(_is_ours(check, policy) and check.state is wanted for check in pull.checks)
    return checked and (policy.reviewer is None or is_reviewed(verdict, project, pull, policy))


def _is_ours(check: Check, policy: Policy) -> bool:
    """Whoever may push can report a status of any name."""
    return check.name == REVIEW_CHECK and check.reporter in ("", policy.judge)


def is_confirmed_in_queue(pull: Pull, policy: Policy) -> bool:
    """Whether the merge queue's own merge carries the verdict too: a required check must succeed there, as it did on the head.

    https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
    """
    return pull.queue_head is None or any(_is_ours(one, policy) and one.state is CheckState.SUCCESS for one in pull.queue_checks)


def is_reviewed(verdict: Verdict, project: Project, pull: Pull, policy: Policy) -> bool:
    """A review that GitHub dismissed, as it may when the head moves, is no longer there."""
    state = ReviewState.APPROVED if verdict.approved else ReviewState.CHANGES_REQUESTED
    heads = same_work(project.record, pull.head)
    return any(review.author == policy.reviewer and review.commit in heads and review.state is state for review in pull.reviews)


def head_since(project: Project, pull: Pull) -> datetime:
    """When the head came to be: the run that published it ended; the pull request's own age where a person pushed."""
    ended = [run.ended_at for run in project.record.runs if run.head == pull.head and run.role is Role.EXECUTION]
    updated = [update.at for update in project.record.updates if update.after == pull.head]
    return max([pull.created_at, *ended, *updated])


def removal_from_queue(project: Project, pull: Pull) -> QueueRemoval | None:
    """How this very work left GitHub's merge queue; nothing where the head is newer, or it got a fresh start since."""
    removal, queued, retried = pull.removal, project.issue.queued, project.record.orders.retried
    since = max([head_since(project, pull), *([queued.at] if queued else []), *([retried.at] if retried else [])])
    return removal if removal is not None and removal.at > since else None


def findings_of(project: Project, pull: Pull, base: str) -> tuple[Finding, ...]:
    """What the next execution must mend on this head: failed checks and the reviewer's findings, as one list. People's notes are apart."""
    excused = red_on_base(project, pull)
    failed = [
        Finding(source=f"check {check.name}", text=check.summary or "failed without saying why")
        for check in pull.checks
        if check.state is CheckState.FAILURE and check.name != REVIEW_CHECK and check.name not in excused
    ]
    verdict = verdict_on(project, pull.head)
    return (*_resolution(project, pull, base), *_given_up(project, pull), *failed, *(_asked_by(verdict) if verdict else ()))


def earlier_findings(record: Record, runs: Sequence[Run], head: str) -> tuple[Finding, ...]:
    """What the last of these reviews asked for on other work than this, for whoever reviews what became of it."""
    heads = same_work(record, head)
    judged = [run.verdict for run in runs if run.role is Role.REVIEW and run.verdict and run.verdict.head not in heads]
    return _asked_by(judged[-1]) if judged else ()


def _asked_by(verdict: Verdict) -> tuple[Finding, ...]:
    unmet = [Finding(source="review", text=f"Not met: {one.criterion}. {one.evidence}") for one in verdict.judgements if not one.met]
    return (*unmet, *(verdict.findings if not verdict.approved else ()))


def _resolution(project: Project, pull: Pull, base: str) -> tuple[Finding, ...]:
    if project.conflict is None:
        return ()
    text = (
        f"{pull.base} has moved on and contradicts this branch in {', '.join(project.conflict.paths)}. Merge it: `git merge {base}` "
        f"(the commit is in this clone). Keep what both sides mean, and run the tests on the result.\n{project.conflict.hunks}"
    )
    return (Finding(source="merge", text=text),)


def _given_up(project: Project, pull: Pull) -> tuple[Finding, ...]:
    """What the merge queue saw: its checks ran on a merge with others, of which the pull request itself shows nothing."""
    removal = removal_from_queue(project, pull)
    if removal is None or removal.manual:
        return ()
    failed = [check for check in removal.checks if check.state is CheckState.FAILURE]
    told = "\n".join(f"{check.name}: {check.summary or 'failed without saying why'}" for check in failed)
    text = f"GitHub's merge queue tried it together with what is merged before it, and gave it up ({removal.words}).\n{told}"
    return (Finding(source="merge queue", text=text.strip()),)
