"""Where one project stands, computed from facts alone: its phase, why, until when, and what it wants next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.evidence.acceptance import unaccepted_weakening
from bot.core.evidence.checks import ChecksFailed, ChecksMissing, ChecksPassed, ChecksPending, checks_on, red_on_base
from bot.core.evidence.notes import outstanding_requests, pending_notes, work_begins
from bot.core.evidence.verdict import head_since, is_confirmed_in_queue, is_shown, removal_from_queue, verdict_on
from bot.core.facts.policy import Policy
from bot.core.facts.project import Mergeable, Project, Pull, PullState, Review
from bot.core.lifecycle.checkpoint import review_left
from bot.core.lifecycle.current import current_pull, current_runs, cycles_used, failures_in_a_row, just_updated, runs_since_notes
from bot.core.lifecycle.lease import at_work
from bot.core.lifecycle.phase import Phase
from bot.core.orders.labels import HOLD, PROPOSED, READY
from bot.core.orders.project_orders import why_paused
from bot.core.roles.role import Role
from bot.core.runs.run import Ending

UNSTATED_LIMIT_PAUSE = timedelta(minutes=15)
"""Pause after a limit of the model's vendor whose end nobody told."""


class NextStep(Enum):
    """What would bring a project on; the plan decides whether it may have it now."""

    EXECUTE = "execute"
    REVIEW = "review"
    OPEN_PULL = "open the pull request"
    POST_VERDICT = "post the verdict"
    MERGE = "merge"
    UPDATE = "merge the base in"
    LEAVE_QUEUE = "leave the merge queue"
    CONFIRM_QUEUED_MERGE = "tell the merge queue the verdict"
    CLOSE = "close the issue"
    EXPIRE_RUN = "expire a run that stopped responding"


@dataclass(frozen=True, kw_only=True)
class Status:
    phase: Phase
    reason: str
    next_step: NextStep | None = None
    until: datetime | None = None
    """When it goes on by itself, where that is known."""
    quiet: bool = False
    """Whether so many wait for the same that it is not told on each issue."""
    remedy: str = ""
    """What a person can do about this very reason; empty where nothing is needed from anybody."""
    refers_to: frozenset[int] = frozenset()
    """Issues and pull requests that the reason names by their number and means."""


def waiting_too(status: Status, why: str, remedy: str) -> Status:
    """The status with one more thing that it waits for. Spelled out, since thousands of a long queue do and `replace` is slow."""
    return Status(
        phase=status.phase,
        reason=f"{status.reason}; {why}",
        next_step=status.next_step,
        until=status.until,
        quiet=status.quiet,
        remedy=remedy,
        refers_to=status.refers_to,
    )


def status_of(project: Project, policy: Policy, now: datetime) -> Status:
    """Total: every combination of facts has a phase. The order of the questions is the order of what outweighs what."""
    status = _status_of(project, policy, now)
    pull = current_pull(project)
    if pull is None or pull.queue_place is None or status.phase is Phase.MERGING or pull.state is not PullState.OPEN:
        return status
    return replace(status, reason=f"{status.reason}; it leaves the merge queue first", next_step=NextStep.LEAVE_QUEUE)


def _status_of(project: Project, policy: Policy, now: datetime) -> Status:
    issue, lease, pull = project.issue, project.record.lease, current_pull(project)
    if project.damage is not None and issue.open:
        return Status(phase=Phase.NEEDS_HUMAN, reason=project.damage.said, remedy=project.damage.remedy)
    if lease is not None and (project.job_over or not lease.held(now)):
        return Status(
            phase=Phase.READY,
            reason=f"agent {lease.holder.agent} stopped responding; its run has expired",
            next_step=NextStep.EXPIRE_RUN,
        )
    if pull is not None and pull.state is PullState.MERGED:
        return Status(
            phase=Phase.DONE,
            reason=f"merged with pull request #{pull.number}",
            refers_to=frozenset({pull.number}),
            next_step=NextStep.CLOSE if issue.open and not project.record.archived else None,
        )
    if not issue.open:
        return Status(phase=Phase.CANCELLED, reason="the issue was closed", remedy=f"Reopen it and put `{READY}` on it to have it done.")
    if lease is not None:
        phase = Phase.REVIEWING if lease.role is Role.REVIEW else Phase.WORKING
        return Status(phase=phase, reason=at_work(lease, policy, now))
    if HOLD in issue.labels:
        return Status(phase=Phase.PAUSED, reason=f"a person put `{HOLD}` on it", remedy=f"Take `{HOLD}` off to let it go on.")
    if (ordered := why_paused(project.record.orders)) is not None:
        return Status(phase=Phase.PAUSED, reason=ordered, remedy="`/agent resume` lets it go on.")
    if project.foreign:
        other = project.foreign[0]
        return Status(phase=Phase.NEEDS_HUMAN, reason=other.said, remedy=other.remedy, refers_to=frozenset({other.number}))
    return _unqueued(project, policy) or _parked(project, policy, now) or _moving(project, policy, now, pull)


_FRESH_START = f"Put `{READY}` on again, or write `/agent retry`, to give it a fresh start; or do the rest yourself."


def _unqueued(project: Project, policy: Policy) -> Status | None:
    issue, queued = project.issue, project.issue.queued
    if READY not in issue.labels or queued is None:
        if PROPOSED in issue.labels:
            remedy = f"Put `{READY}` on it to have it done, or close it."
            return Status(phase=Phase.PROPOSED, reason="waits for a person to decide on it", remedy=remedy)
        why = f"`{READY}` was taken off" if project.record.epoch else f"nobody put `{READY}` on it, or it was taken off"
        return Status(phase=Phase.CANCELLED, reason=why, remedy=f"Put `{READY}` on it to have it done.")
    if not queued.may_write and queued.by not in policy.own_logins:
        remedy = f"Somebody who has write access can put `{READY}` on again."
        return Status(phase=Phase.NEEDS_HUMAN, reason=f"@{queued.by}, who queued it, has no write access", remedy=remedy)
    strangers = [edit.by for edit in issue.edits if edit.at >= queued.at and not edit.may_write and edit.by not in policy.own_logins]
    if strangers:
        return Status(
            phase=Phase.NEEDS_HUMAN,
            reason=f"@{strangers[-1]}, who has no write access, changed the text after it was queued",
            remedy=f"Read it, and put `{READY}` on again to accept it.",
        )
    if issue.blockers:
        reason = "waits for " + ", ".join(f"#{number}" for number in issue.blockers)
        remedy = "It goes on by itself when what blocks it is closed, or blocks it no more."
        return Status(phase=Phase.BLOCKED, reason=reason, remedy=remedy, refers_to=frozenset(issue.blockers))
    return None


def _parked(project: Project, policy: Policy, now: datetime) -> Status | None:
    all_runs = current_runs(project)
    if not all_runs:
        return None
    last = all_runs[-1]
    if last.ending is Ending.LIMITED and (again := last.resume_at or last.ended_at + UNSTATED_LIMIT_PAUSE) > now:
        return Status(phase=Phase.PAUSED, reason=last.note, until=again)
    worked = sum(((run.ended_at - run.started_at) for run in all_runs), timedelta())
    if worked >= policy.project_limit:
        reason = f"agents worked on it for {worked}, the limit is {policy.project_limit}"
        return Status(phase=Phase.NEEDS_HUMAN, reason=reason, remedy=_FRESH_START)
    runs = runs_since_notes(project, policy, all_runs)
    if runs and last.ending in (Ending.REFUSED, Ending.GAVE_UP):
        return Status(phase=Phase.NEEDS_HUMAN, reason=last.note, remedy=_FRESH_START)
    failures = failures_in_a_row(runs)
    if failures >= policy.failures:
        reason = f"{failures} runs in a row failed; the last: {last.note}"
        return Status(phase=Phase.NEEDS_HUMAN, reason=reason, remedy=f"Mend what it says. Then {_FRESH_START[0].lower()}{_FRESH_START[1:]}")
    if failures and last.ending is Ending.FAILED:
        again = last.ended_at + timedelta(seconds=2 ** (failures - 1))
        if again > now:
            return Status(phase=Phase.PAUSED, reason=f"{last.note}; trying again ({failures + 1} of {policy.failures})", until=again)
    return None


def _moving(project: Project, policy: Policy, now: datetime, pull: Pull | None) -> Status:
    executions = [run for run in current_runs(project) if run.role is Role.EXECUTION and run.ending is not Ending.UNPREPARED]
    finished = [run for run in executions if run.ending is Ending.FINISHED]
    if pull is None:
        if finished and project.branch_head is not None:
            if project.landed:
                remedy = f"Close the issue, or put `{READY}` on again for more."
                return Status(phase=Phase.NEEDS_HUMAN, reason="its work was merged without a pull request", remedy=remedy)
            return Status(phase=Phase.WORKING, reason="the work is published; its pull request comes next", next_step=NextStep.OPEN_PULL)
        again = "goes on from its checkpoint" if project.branch_head is not None else "queued"
        return Status(phase=Phase.READY, reason=again, next_step=NextStep.EXECUTE)
    if pull.state is PullState.CLOSED:
        return Status(
            phase=Phase.CANCELLED,
            reason=f"pull request #{pull.number} was closed without merging",
            remedy=f"Put `{READY}` on again for another try.",
            refers_to=frozenset({pull.number}),
        )
    if executions and executions[-1].ending is not Ending.FINISHED and executions[-1].head == pull.head:
        return Status(phase=Phase.REWORK, reason="goes on from its checkpoint", next_step=NextStep.EXECUTE)
    return _on_its_head(project, policy, now, pull)


def _on_its_head(project: Project, policy: Policy, now: datetime, pull: Pull) -> Status:
    verdict = verdict_on(project, pull.head)
    requests = outstanding_requests(pull, policy)
    if verdict is not None and not is_shown(verdict, project, pull, policy):
        phase = Phase.APPROVED if verdict.approved else Phase.REWORK
        return Status(phase=phase, reason="the verdict is there and goes onto the pull request", next_step=NextStep.POST_VERDICT)
    if (noted := _noted(project, policy, now, pull)) is not None:
        return noted
    if project.conflict is not None:
        return _again(project, policy, f"conflicts with {pull.base} in {', '.join(project.conflict.paths)}")
    red: tuple[str, ...] = ()
    match checks_on(pull, policy, red_on_base(project, pull)):
        case ChecksFailed() if verdict is not None and verdict.approved and project.behind and policy.up_to_date and policy.merge:
            return _update(pull)  # what failed with an older base may pass with this one
        case ChecksFailed(names=names):
            return _again(project, policy, f"checks failed: {', '.join(names)}")
        case ChecksMissing() if now - head_since(project, pull) >= policy.checks_patience:
            return Status(
                phase=Phase.NEEDS_HUMAN,
                reason=f"no check has reported on this head for {policy.checks_patience}; nothing is merged unchecked",
                remedy="Look whether the checks run at all, and start them; or merge it yourself.",
            )
        case ChecksMissing(names=names):
            waiting = ", ".join(names) or "a first check"
            return Status(phase=Phase.REVIEWING, reason=f"waits for {waiting} to report", until=None)
        case ChecksPending(names=names):
            return Status(phase=Phase.REVIEWING, reason=f"waits for checks: {', '.join(names)}")
        case ChecksPassed(red_on_base=red):
            pass
    if pull.queue_place is not None and verdict is not None and verdict.approved and not requests:
        next_step = None if is_confirmed_in_queue(pull, policy) else NextStep.CONFIRM_QUEUED_MERGE
        return Status(phase=Phase.MERGING, reason=f"in GitHub's merge queue, place {pull.queue_place}", next_step=next_step)
    if pull.mergeable is Mergeable.NO and not just_updated(project, pull):
        reason = f"GitHub says that it conflicts with {pull.base}, although it merges here"
        return Status(phase=Phase.NEEDS_HUMAN, reason=reason, remedy="Look at the pull request, and merge or rebase its branch by hand.")
    if verdict is None:
        if review_left(project, current_runs(project), pull.head, policy) is None:
            reason = f"the reviewer came to no verdict in {policy.review_limit} or for twice its grant"
            return Status(phase=Phase.NEEDS_HUMAN, reason=reason, remedy=_FRESH_START)
        checked = "checks are green" if policy.checks_expected else "nothing checks it here but its own gates"
        checked = f"red as on {pull.base}, which is not held against it: {', '.join(red)}" if red else checked
        return Status(phase=Phase.REVIEWING, reason=f"{checked}; waits for the reviewer", next_step=NextStep.REVIEW)
    if not verdict.approved:
        return _again(project, policy, "the reviewer asked for changes")
    if red and not requests:
        return _approved_on_red(project, policy, pull, red)
    return _approved(project, policy, pull, requests)


def _noted(project: Project, policy: Policy, now: datetime, pull: Pull) -> Status | None:
    """What people wrote on the pull request outranks what reviewer and checks found, and is no cycle."""
    notes = pending_notes(project, policy)
    if not notes:
        return None
    who = ", ".join(f"@{name}" for name in dict.fromkeys(note.author for note in notes))
    reason = f"{who} wrote {'a note' if len(notes) == 1 else f'{len(notes)} notes'} on pull request #{pull.number}"
    begins = work_begins(notes)
    if now < begins:
        return Status(phase=Phase.REWORK, reason=f"{reason}; waits a moment for more", until=begins)
    return Status(phase=Phase.REWORK, reason=reason, next_step=NextStep.EXECUTE)


def _again(project: Project, policy: Policy, why: str) -> Status:
    used = cycles_used(project)
    if used >= policy.cycles:
        remedy = f"Read both views, then push to the branch, merge, or close it. {_FRESH_START.split(';')[0]}."
        return Status(phase=Phase.NEEDS_HUMAN, reason=f"{why} after {used} cycles; a person decides", remedy=remedy)
    return Status(phase=Phase.REWORK, reason=f"{why}; trying again ({used + 1} of {policy.cycles})", next_step=NextStep.EXECUTE)


def _approved_on_red(project: Project, policy: Policy, pull: Pull, red: tuple[str, ...]) -> Status:
    """Never merged by the bot: what the check would have said of this very work, nobody knows."""
    if project.behind and policy.up_to_date and policy.merge:
        return _update(pull)
    reason = f"approved, but red here as on {pull.base}: {', '.join(red)}; a person merges it"
    remedy = f"Merge pull request #{pull.number} yourself; or mend {pull.base}, which is then merged in and everything checked again."
    return Status(phase=Phase.APPROVED, reason=reason, remedy=remedy, refers_to=frozenset({pull.number}))


def _update(pull: Pull) -> Status:
    reason = f"approved; {pull.base} moved on meanwhile: it is merged in, and everything is checked on the result"
    return Status(phase=Phase.APPROVED, reason=reason, next_step=NextStep.UPDATE)


def _approved(project: Project, policy: Policy, pull: Pull, requests: tuple[Review, ...]) -> Status:
    if requests:
        who = requests[0].author
        remedy = f"@{who} can approve it, or dismiss the request; a note on the pull request sends it back."
        return Status(phase=Phase.APPROVED, reason=f"waits for @{who}, who asked for changes and was answered", remedy=remedy)
    if (weakened := unaccepted_weakening(project, pull, policy)) is not None:
        remedy = "Look at the pull request: approve it to let it be merged, or write on it what has to stay."
        return Status(phase=Phase.NEEDS_HUMAN, reason=weakened, remedy=remedy)
    if not policy.merge:
        remedy = f"Merge pull request #{pull.number} when you like it."
        reason = "approved and green; merging is left to people here"
        return Status(phase=Phase.APPROVED, reason=reason, remedy=remedy, refers_to=frozenset({pull.number}))
    removal = removal_from_queue(project, pull)
    if removal is not None:
        if not removal.manual:
            return _again(project, policy, f"GitHub's merge queue gave it up ({removal.words})")
        if removal.by not in policy.own_logins:
            remedy = f"`/agent retry`, or `{READY}` put on again, lets it in."
            return Status(phase=Phase.NEEDS_HUMAN, reason=f"@{removal.by} took it out of the merge queue", remedy=remedy)
    if pull.blocked:
        reason = (
            f"approved and green; GitHub does not let it be merged: a rule for {pull.base} asks for more, such as another approval or check"
        )
        return Status(phase=Phase.APPROVED, reason=reason, remedy="Give it what the rule asks for, or merge it yourself.")
    if project.behind and policy.up_to_date:
        return _update(pull)
    if pull.mergeable is not Mergeable.YES:
        return Status(phase=Phase.APPROVED, reason="GitHub still computes whether it can be merged")
    return Status(phase=Phase.MERGING, reason="approved and green on this head", next_step=NextStep.MERGE)
