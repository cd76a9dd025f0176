"""One look at everything: the refs by one fetch, GitHub by one query, put together as the facts that decisions are made on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from bot.core.facts.damage import damage_of, shared_damage
from bot.core.facts.project import Conflict, Issue, PastWork, Project, Pull, PullState, Snapshot
from bot.core.facts.record import IDEATION, INBOX, Record
from bot.flows.context import Context
from bot.flows.mentions import NewMentions, read_mentions, with_pending_replies
from bot.flows.ref_updates import record_of
from bot.ports import RefState, View

_PAST_KEPT = 200


@dataclass(frozen=True, kw_only=True)
class Observation:
    refs: RefState
    snapshot: Snapshot
    new_mentions: NewMentions


def read_snapshot(context: Context, *, about: Set[int] = frozenset()) -> Observation:
    """Raises `GitError` and `GitHubError`; nothing is decided on half a look. Issues `about` are read in full whatever they are.

    Titles and most blockers cost more, and are not in it.
    """
    state = context.refs.read()
    in_play = {number: record.branch for number, record in state.records.items() if number > IDEATION and not record.archived}
    if shared_damage(state.damage) is None:
        in_play |= {one.number: None for one in state.damage if one.number > IDEATION}
    for number in about | with_pending_replies(state):
        in_play[number] = record_of(state, number).branch
    view = context.reads.view(in_play)
    if again := {number for number, record in state.records.items() if record.archived} & view.issues.keys() - in_play.keys():
        view = context.reads.view(in_play | {number: record_of(state, number).branch for number in again})
    new_mentions = read_mentions(context, state, view.last_activity)
    if unknown := new_mentions.on_issues - view.issues.keys():
        more = context.reads.view({number: record_of(state, number).branch for number in unknown})
        view = replace(
            view, issues={**more.issues, **view.issues}, pulls={**more.pulls, **view.pulls}, foreign={**more.foreign, **view.foreign}
        )
    ended = _ended_jobs(context, state)
    projects = tuple(_project(context, state, view, issue, ended) for _, issue in sorted(view.issues.items()))
    return Observation(
        refs=state,
        new_mentions=new_mentions,
        snapshot=Snapshot(
            repository=context.repository,
            default_branch=context.default_branch,
            base=state.base,
            projects=projects,
            ideation=record_of(state, IDEATION),
            ideation_job_over=_job_over(record_of(state, IDEATION), ended),
            ledger=state.ledger,
            stop=state.stop,
            pauses=state.pauses,
            merge_queue=view.merge_queue,
            listing=frozenset(context.code.listing(state.base)) if projects else frozenset(),
            past=_past(state),
            mentions=new_mentions.mentions,
            inbox=record_of(state, INBOX),
            damage=state.damage,
        ),
    )


def with_blockers(context: Context, seen: Observation, numbers: frozenset[int]) -> Observation:
    """The same look with those issues' blockers asked. Raises `GitHubError`."""
    projects = tuple(
        replace(project, issue=replace(project.issue, blockers=context.reads.blockers(project.number)))
        if project.number in numbers
        else project
        for project in seen.snapshot.projects
    )
    return replace(seen, snapshot=replace(seen.snapshot, projects=projects))


def _ended_jobs(context: Context, state: RefState) -> frozenset[str]:
    """Jobs hold no heartbeat of their own: GitHub knows whether they are alive. Our own run is."""
    jobs = {record.lease.job for record in state.records.values() if record.lease is not None and record.lease.job is not None}
    others = jobs - {context.job}
    return context.reads.ended({job for job in others if job is not None}) if others else frozenset()


def _job_over(record: Record, ended: Set[str]) -> bool:
    return record.lease is not None and record.lease.job in ended


def _project(context: Context, state: RefState, view: View, issue: Issue, ended: Set[str]) -> Project:
    record: Record = record_of(state, issue.number)
    pull: Pull | None = view.pulls.get(record.branch) if record.branch else None
    if pull is not None and view.merge_queue:  # it counts as blocked until the queue has it
        pull = replace(pull, blocked=False)
    head = state.tips.get(f"refs/heads/{record.branch}") if record.branch else None
    behind, conflict = _compared(context, state, pull)
    landed = head is not None and (pull is None or pull.state is not PullState.OPEN) and context.code.contains(head, state.base)
    return Project(
        issue=issue,
        pull=pull,
        record=record,
        damage=damage_of(state.damage, issue.number),
        foreign=view.foreign.get(record.branch, ()) if record.branch else (),
        branch_head=head,
        behind=behind,
        conflict=conflict,
        landed=landed,
        job_over=_job_over(record, ended),
    )


def _compared(context: Context, state: RefState, pull: Pull | None) -> tuple[bool, Conflict | None]:
    """Git says it at once, and before GitHub does. A head that has not been fetched yet is looked at next time."""
    if pull is None or pull.state is not PullState.OPEN or state.tips.get(f"refs/heads/{pull.branch}") != pull.head:
        return False, None
    if context.code.contains(state.base, pull.head):
        return False, None
    merged = context.code.merged(state.base, pull.head)
    return True, merged if isinstance(merged, Conflict) else None


def _past(state: RefState) -> tuple[PastWork, ...]:
    ended = [record for number, record in sorted(state.records.items()) if number > IDEATION and record.archived and record.title]
    return tuple(
        PastWork(title=record.title, paths=frozenset(path for run in record.runs for path in run.paths)) for record in ended[-_PAST_KEPT:]
    )
