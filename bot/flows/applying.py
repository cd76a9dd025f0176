"""Does what was planned, one exhaustive match, each effect only after another look at stop and at who holds the pen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core.effects import (
    Answer,
    CloseIssue,
    Effect,
    FileProposal,
    LeaveQueue,
    Merge,
    Obey,
    OpenPull,
    PostVerdict,
    Retire,
    Revive,
    StartRun,
    UpdateBranch,
    Vouch,
    WriteOff,
    describe,
)
from bot.core.ideas import FileIt, pending_proposal
from bot.core.labels import PROPOSED, READY
from bot.core.lease import Refused, expired
from bot.core.policy import REVIEW_CHECK
from bot.core.project import Conflict, Project, Snapshot
from bot.core.record import IDEATION, Update
from bot.core.roles import Role
from bot.core.run import Ending
from bot.core.standing import current_pull, current_runs
from bot.core.started import Started
from bot.core.verdict import is_reviewed, judging_run
from bot.flows.losing import written_off
from bot.flows.means import Means
from bot.flows.moving import move, record_of
from bot.flows.obeying import answer, obey
from bot.flows.starting import begin
from bot.flows.texts import line_comment, merge_message, proposal_body, proposal_mark, pull_body, pull_title, review_body, vouching
from bot.ports import BranchMove, Change, GitHubTrouble, Merged, RefState, ReviewComment

_UPDATES_KEPT = 50


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What an effect came to, in one line; `started` is a run that waits to be carried out."""

    effect: Effect
    said: str
    done: bool = True
    started: Started | None = None


def still_allowed(means: Means, seen: RefState) -> str | None:
    """None while nobody has stopped the bot or taken the pen since `seen`; asked before every side effect. Fails closed."""
    tips = means.refs.tips()
    for ref, why in (
        ("refs/groundskeeper/stop", "somebody stopped or started the bot"),
        ("refs/groundskeeper/tick", "another process writes now"),
    ):
        if tips.get(ref) != seen.tips.get(ref):
            return why
    return None


def apply(means: Means, snapshot: Snapshot, effect: Effect) -> Applied:
    """Raises `GitTrouble`; GitHub's refusals are said, not raised, so that one project's trouble stops no other."""
    try:
        return _apply(means, snapshot, effect)
    except GitHubTrouble as trouble:
        return Applied(effect=effect, said=f"{describe(effect)}: not done, {trouble.kind.value}: {trouble}", done=False)


def _apply(means: Means, snapshot: Snapshot, effect: Effect) -> Applied:
    match effect:
        case StartRun():
            started = begin(means, snapshot, effect)
            if isinstance(started, Refused):
                return Applied(effect=effect, said=f"not started: {started.reason}", done=False)
            return Applied(effect=effect, said=describe(effect), started=started)
        case WriteOff():
            return _settled(effect, _write_off(means, effect))
        case OpenPull():
            return _open_pull(means, _project(snapshot, effect.number), effect)
        case PostVerdict():
            return _post_verdict(means, _project(snapshot, effect.number), effect)
        case Merge():
            return _merge(means, _project(snapshot, effect.number), effect)
        case LeaveQueue():
            pull = _project(snapshot, effect.number).pull
            assert pull is not None
            means.writes.dequeue(pull=pull.node_id)
            return Applied(effect=effect, said=describe(effect))
        case Vouch():
            about = vouching(effect.pull)
            means.writes.check(head=effect.head, name=REVIEW_CHECK, success=True, title="Approved", summary=about)
            return Applied(effect=effect, said=describe(effect))
        case UpdateBranch():
            return _update(means, _project(snapshot, effect.number), effect)
        case CloseIssue():
            means.writes.close_issue(effect.number)
            return Applied(effect=effect, said=describe(effect))
        case FileProposal():
            return _file(means, snapshot, effect)
        case Retire():
            return _settled(effect, _retire(means, effect))
        case Revive():
            return _settled(effect, _revive(means, effect))
        case Obey():
            return _settled(effect, obey(means, effect))
        case Answer():
            return _settled(effect, answer(means, snapshot, effect))


def _settled(effect: Effect, moved: RefState | Refused) -> Applied:
    if isinstance(moved, Refused):
        return Applied(effect=effect, said=f"{describe(effect)}: not done, {moved.reason}", done=False)
    return Applied(effect=effect, said=describe(effect))


def _project(snapshot: Snapshot, number: int) -> Project:
    return next(project for project in snapshot.projects if project.number == number)


def _write_off(means: Means, effect: WriteOff) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        after = expired(record_of(state, effect.number), means.clock.now(), ended_job=effect.ended_job)
        if isinstance(after, Refused):
            return after
        return written_off(means, state, after, note="written off in full: its agent was not heard of again")

    return move(means, decide)


def _open_pull(means: Means, project: Project, effect: OpenPull) -> Applied:
    run = next(run for run in reversed(current_runs(project)) if run.role is Role.EXECUTION and run.ending is Ending.FINISHED)
    number = means.writes.open_pull(
        branch=effect.branch, base=means.default_branch, title=pull_title(project), body=pull_body(project, run)
    )
    return Applied(effect=effect, said=f"opened pull request #{number} of project {effect.number}")


def _post_verdict(means: Means, project: Project, effect: PostVerdict) -> Applied:
    """The review first, the check last: only with both is the verdict shown, and what is there already is not posted twice."""
    verdict, policy, pull = effect.verdict, means.policy, current_pull(project)
    assert pull is not None
    run = judging_run(project, verdict.head)
    assert run is not None
    one_identity = policy.reviewer is None
    body = review_body(verdict, run.cycle, policy.cycles, one_identity=one_identity, scripted=run.scripted)
    if not is_reviewed(verdict, project, pull, policy):
        means.writes.review(
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
    means.writes.check(head=verdict.head, name=REVIEW_CHECK, success=verdict.approved, title=title, summary=body)
    return Applied(effect=effect, said=f"{title.lower()} on pull request #{effect.pull} of project {effect.number}")


def _merge(means: Means, project: Project, effect: Merge) -> Applied:
    if effect.by_queue:
        assert project.pull is not None
        answer = means.writes.enqueue(pull=project.pull.node_id, head=effect.head)
    else:
        run = next((run for run in reversed(project.record.runs) if run.role is Role.EXECUTION), None)
        answer = means.writes.merge(
            pull=effect.pull,
            head=effect.head,
            method=means.policy.merge_method,
            title=f"{pull_title(project)} (#{effect.pull})",
            message=merge_message(project, run),
        )
    match answer.merged:
        case Merged.DONE if effect.by_queue:
            return Applied(effect=effect, said=f"put pull request #{effect.pull} of project {effect.number} into GitHub's merge queue")
        case Merged.DONE:
            return Applied(effect=effect, said=f"merged pull request #{effect.pull} of project {effect.number} at {effect.head[:8]}")
        case Merged.HEAD_MOVED:
            return Applied(effect=effect, said=f"pull request #{effect.pull} was not merged: its head moved after the review", done=False)
        case Merged.NOT_NOW:
            return Applied(effect=effect, said=f"pull request #{effect.pull} was not merged: GitHub says “{answer.words}”", done=False)


def _update(means: Means, project: Project, effect: UpdateBranch) -> Applied:
    branch = project.record.branch
    assert branch is not None
    merge = means.code.updated(
        effect.head, effect.base, f"Merge {means.default_branch} into {branch}\n\nSo that it is checked as it would be merged."
    )
    if isinstance(merge, Conflict):
        return Applied(effect=effect, said=f"{describe(effect)}: not done, it conflicts in {', '.join(merge.paths)}", done=False)

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if record.lease is not None or state.tips.get(f"refs/heads/{branch}") != effect.head or state.base != effect.base:
            return Refused(reason="it moved on meanwhile")
        update = Update(at=means.clock.now(), before=effect.head, after=merge, base=effect.base)
        return Change(
            message=f"Merge {means.default_branch} into the branch of project {effect.number}",
            record=replace(record, epoch=record.epoch + 1, updates=(*record.updates, update)[-_UPDATES_KEPT:]),
            branch=BranchMove(branch=branch, head=merge),
        )

    return _settled(effect, move(means, decide))


def _file(means: Means, snapshot: Snapshot, effect: FileProposal) -> Applied:
    pending = pending_proposal(snapshot.ideation)
    if not isinstance(pending, FileIt) or pending.run != effect.run:
        return Applied(effect=effect, said="the proposal was filed already", done=False)
    labels = [PROPOSED, READY] if effect.queue else [PROPOSED]
    number = means.writes.open_issue(
        title=pending.proposal.title, body=proposal_body(pending), labels=labels, mark=proposal_mark(effect.run)
    )

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, IDEATION)
        if effect.run in record.filed:
            return Refused(reason="filed already")
        after = replace(record, epoch=record.epoch + 1, filed=(*record.filed, effect.run))
        return Change(message=f"Proposal of run {effect.run} is issue {number}", record=after)

    return replace(_settled(effect, move(means, decide)), said=f"filed issue {number}: {pending.proposal.title}")


def _retire(means: Means, effect: Retire) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if record.over or record.lease is not None:
            return Refused(reason="it moved on")
        return Change(
            message=f"Project {effect.number} is over: {effect.reason}", record=replace(record, epoch=record.epoch + 1, over=True)
        )

    return move(means, decide)


def _revive(means: Means, effect: Revive) -> RefState | Refused:
    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if not record.over:
            return Refused(reason="it moved on")
        return Change(message=f"Project {effect.number} lives again", record=replace(record, epoch=record.epoch + 1, over=False))

    return move(means, decide)


def changed_soon(applied: Iterable[Applied]) -> frozenset[int]:
    """Projects whose standing the next look will change: showing them now would be one write too many."""
    return frozenset(
        one.effect.number
        for one in applied
        if one.done and isinstance(one.effect, OpenPull | PostVerdict | Merge | LeaveQueue | UpdateBranch | CloseIssue | Revive | Obey)
    )
