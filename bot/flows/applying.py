"""Does what was planned, one exhaustive match, each effect only after another look at stop and at who holds the writer lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core.decisions.effects import (
    AcknowledgeNotes,
    AnswerNotes,
    Archive,
    CallPerson,
    CloseIssue,
    ConfirmQueuedMerge,
    Effect,
    ExecuteOrder,
    ExpireRun,
    FileProposal,
    LeaveQueue,
    Merge,
    OpenPull,
    PostReplies,
    PostVerdict,
    ResolveThreads,
    Restore,
    StartRun,
    UpdateBranch,
    describe,
)
from bot.core.decisions.started_run import StartedRun
from bot.core.evidence.verdict import is_reviewed, judging_run
from bot.core.facts.policy import REVIEW_CHECK
from bot.core.facts.project import Conflict, Project, Snapshot
from bot.core.facts.record import IDEATION, Update
from bot.core.ideas.ideation import FileValidProposal, pending_proposal
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.lease import Refused, expired
from bot.core.orders.labels import PROPOSED, READY, category_label
from bot.core.roles.role import Role
from bot.flows.calling import call_person
from bot.flows.context import Context
from bot.flows.expiring import expiry
from bot.flows.noting import acknowledge, answer_notes, resolve_threads
from bot.flows.orders import execute_order, post_replies
from bot.flows.ref_updates import move, record_of
from bot.flows.starting import begin
from bot.flows.texts.proposals import proposal_body, proposal_mark, proposal_title
from bot.flows.texts.pulls import commit_title, line_comment, merge_message, pull_body, pull_title, queued_merge_summary, review_body
from bot.ports import BranchMove, Change, GitHubError, Merged, RefState, ReviewComment

_UPDATES_KEPT = 50


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What an effect came to, in one line; `started` is a run that waits to be carried out."""

    effect: Effect
    summary: str
    done: bool = True
    started: StartedRun | None = None


def still_allowed(context: Context, seen: RefState) -> str | None:
    """None while nobody has stopped the bot or taken the writer lock since `seen`; asked before every side effect. Fails closed."""
    tips = context.refs.tips()
    for ref, why in (
        ("refs/groundskeeper/stop", "somebody stopped or started the bot"),
        ("refs/groundskeeper/writer-lock", "another process writes now"),
    ):
        if tips.get(ref) != seen.tips.get(ref):
            return why
    return None


def apply(context: Context, snapshot: Snapshot, effect: Effect) -> Applied:
    """Raises `GitError`; GitHub's refusals are said, not raised, so that one project's error stops no other."""
    try:
        return _apply(context, snapshot, effect)
    except GitHubError as error:
        return Applied(effect=effect, summary=f"{describe(effect)}: not done, {error.kind.value}: {error}", done=False)


def _apply(context: Context, snapshot: Snapshot, effect: Effect) -> Applied:
    match effect:
        case StartRun():
            started = begin(context, snapshot, effect)
            if isinstance(started, Refused):
                return Applied(effect=effect, summary=f"not started: {started.reason}", done=False)
            return Applied(effect=effect, summary=describe(effect), started=started)
        case ExpireRun():
            return _settled(effect, _expire_run(context, effect))
        case OpenPull():
            return _open_pull(context, _project(snapshot, effect.number), effect)
        case PostVerdict():
            return _post_verdict(context, _project(snapshot, effect.number), effect)
        case Merge():
            return _merge(context, _project(snapshot, effect.number), effect)
        case LeaveQueue():
            pull = _project(snapshot, effect.number).pull
            assert pull is not None
            context.writes.dequeue(pull=pull.node_id)
            return Applied(effect=effect, summary=describe(effect))
        case ConfirmQueuedMerge():
            about = queued_merge_summary(effect.pull)
            context.writes.check(head=effect.head, name=REVIEW_CHECK, success=True, title="Approved", summary=about)
            return Applied(effect=effect, summary=describe(effect))
        case UpdateBranch():
            return _update(context, _project(snapshot, effect.number), effect)
        case CloseIssue():
            context.writes.close_issue(effect.number)
            return Applied(effect=effect, summary=describe(effect))
        case FileProposal():
            return _file(context, snapshot, effect)
        case Archive():
            return _settled(effect, _archive(context, effect))
        case Restore():
            return _settled(effect, _restore(context, effect))
        case ExecuteOrder():
            return _settled(effect, execute_order(context, effect))
        case AcknowledgeNotes():
            wrong = acknowledge(context, effect)
            return Applied(effect=effect, summary=f"{describe(effect)}; not all: {wrong}" if wrong else describe(effect))
        case AnswerNotes():
            return _settled(effect, answer_notes(context, _project(snapshot, effect.number), effect))
        case ResolveThreads():
            return _settled(effect, resolve_threads(context, effect))
        case CallPerson():
            return _settled(effect, call_person(context, _project(snapshot, effect.number), effect))
        case PostReplies():
            return _settled(effect, post_replies(context, snapshot, effect))


def _settled(effect: Effect, moved: RefState | Refused) -> Applied:
    if isinstance(moved, Refused):
        return Applied(effect=effect, summary=f"{describe(effect)}: not done, {moved.reason}", done=False)
    return Applied(effect=effect, summary=describe(effect))


def _project(snapshot: Snapshot, number: int) -> Project:
    return next(project for project in snapshot.projects if project.number == number)


def _expire_run(context: Context, effect: ExpireRun) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        after = expired(record_of(state, effect.number), context.clock.now(), ended_job=effect.ended_job)
        if isinstance(after, Refused):
            return after
        return expiry(context, state, after, note="expired and counted in full: its agent stopped responding")

    return move(context, decide)


def _open_pull(context: Context, project: Project, effect: OpenPull) -> Applied:
    number = context.writes.open_pull(branch=effect.branch, base=context.default_branch, title=pull_title(project), body=pull_body(project))
    return Applied(effect=effect, summary=f"opened pull request #{number} of project {effect.number}")


def _post_verdict(context: Context, project: Project, effect: PostVerdict) -> Applied:
    """The review first, the check last: only with both is the verdict shown, and what is there already is not posted twice."""
    verdict, policy, pull = effect.verdict, context.policy, current_pull(project)
    assert pull is not None
    run = judging_run(project, verdict.head)
    assert run is not None
    one_identity = policy.reviewer is None
    body = review_body(verdict, run.cycle, policy.cycles, one_identity=one_identity, scripted=run.scripted)
    if not is_reviewed(verdict, project, pull, policy):
        context.writes.review(
            pull=effect.pull,
            head=verdict.head,
            approve=None if one_identity else verdict.approved,
            body=body,
            comments=[
                ReviewComment(path=finding.path, line=finding.line, body=line_comment(finding.text))
                for finding in verdict.findings
                if finding.path is not None and finding.line is not None
            ],
        )
    title = "Approved" if verdict.approved else "Changes requested"
    context.writes.check(head=verdict.head, name=REVIEW_CHECK, success=verdict.approved, title=title, summary=body)
    return Applied(effect=effect, summary=f"{title.lower()} on pull request #{effect.pull} of project {effect.number}")


def _merge(context: Context, project: Project, effect: Merge) -> Applied:
    if effect.by_queue:
        assert project.pull is not None
        answer = context.writes.enqueue(pull=project.pull.node_id, head=effect.head)
    else:
        run = next((run for run in reversed(project.record.runs) if run.role is Role.EXECUTION), None)
        answer = context.writes.merge(
            pull=effect.pull,
            head=effect.head,
            method=context.policy.merge_method,
            title=commit_title(project),
            message=merge_message(project, run),
        )
    match answer.merged:
        case Merged.DONE if effect.by_queue:
            return Applied(effect=effect, summary=f"put pull request #{effect.pull} of project {effect.number} into GitHub's merge queue")
        case Merged.DONE:
            return Applied(effect=effect, summary=f"merged pull request #{effect.pull} of project {effect.number} at {effect.head[:8]}")
        case Merged.HEAD_MOVED:
            return Applied(
                effect=effect, summary=f"pull request #{effect.pull} was not merged: its head moved after the review", done=False
            )
        case Merged.NOT_NOW:
            return Applied(effect=effect, summary=f"pull request #{effect.pull} was not merged: GitHub says “{answer.words}”", done=False)


def _update(context: Context, project: Project, effect: UpdateBranch) -> Applied:
    branch = project.record.branch
    assert branch is not None
    merge = context.code.updated(
        effect.head, effect.base, f"Merge {context.default_branch} into {branch}\n\nSo that it is checked as it would be merged."
    )
    if isinstance(merge, Conflict):
        return Applied(effect=effect, summary=f"{describe(effect)}: not done, it conflicts in {', '.join(merge.paths)}", done=False)

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if record.lease is not None or state.tips.get(f"refs/heads/{branch}") != effect.head or state.base != effect.base:
            return Refused(reason="it moved on meanwhile")
        update = Update(at=context.clock.now(), before=effect.head, after=merge, base=effect.base)
        return Change(
            message=f"Merge {context.default_branch} into the branch of project {effect.number}",
            record=replace(record, epoch=record.epoch + 1, updates=(*record.updates, update)[-_UPDATES_KEPT:]),
            branch=BranchMove(branch=branch, head=merge),
        )

    return _settled(effect, move(context, decide))


def _file(context: Context, snapshot: Snapshot, effect: FileProposal) -> Applied:
    pending = pending_proposal(snapshot.ideation)
    if not isinstance(pending, FileValidProposal) or pending.run != effect.run:
        return Applied(effect=effect, summary="the proposal was filed already", done=False)
    category = category_label(pending.proposal.category)
    context.writes.ensure_labels([category])
    labels = [PROPOSED, *([READY] if effect.queue else []), category.name]
    number = context.writes.open_issue(
        title=proposal_title(pending), body=proposal_body(pending), labels=labels, mark=proposal_mark(effect.run)
    )

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, IDEATION)
        if effect.run in record.filed:
            return Refused(reason="filed already")
        after = replace(record, epoch=record.epoch + 1, filed=(*record.filed, effect.run))
        return Change(message=f"Proposal of run {effect.run} is issue {number}", record=after)

    return replace(_settled(effect, move(context, decide)), summary=f"filed issue {number}: {pending.proposal.title}")


def _archive(context: Context, effect: Archive) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if record.archived or record.lease is not None:
            return Refused(reason="it moved on")
        return Change(
            message=f"Archive project {effect.number}: {effect.reason}", record=replace(record, epoch=record.epoch + 1, archived=True)
        )

    return move(context, decide)


def _restore(context: Context, effect: Restore) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if not record.archived:
            return Refused(reason="it moved on")
        return Change(message=f"Restore project {effect.number}", record=replace(record, epoch=record.epoch + 1, archived=False))

    return move(context, decide)


def changed_soon(applied: Iterable[Applied]) -> frozenset[int]:
    """Projects whose status the next look will change: showing them now would be one write too many."""
    return frozenset(
        one.effect.number
        for one in applied
        if one.done
        and isinstance(one.effect, OpenPull | PostVerdict | Merge | LeaveQueue | UpdateBranch | CloseIssue | Restore | ExecuteOrder)
    )
