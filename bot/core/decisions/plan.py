"""Decides what to do next from a snapshot: effects as data, each with its reason. Planning again after applying plans nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.decisions.archiving import to_archive, to_restore
from bot.core.decisions.calling import people_to_call
from bot.core.decisions.damage_handling import without_damaged
from bot.core.decisions.effects import (
    AnswerNotes,
    CloseIssue,
    ConfirmQueuedMerge,
    Effect,
    ExecuteOrder,
    ExpireRun,
    FileProposal,
    LeaveQueue,
    Merge,
    OpenPull,
    PostVerdict,
    Restore,
    StartRun,
    UpdateBranch,
)
from bot.core.decisions.note_handling import notes_to_acknowledge, notes_to_answer, threads_to_resolve
from bot.core.decisions.order_handling import NoAgent, category_pause, eligible_agents, orders_to_execute, replies_to_post, without_steps
from bot.core.decisions.starts import idea_run, start_of
from bot.core.evidence.verdict import verdict_on
from bot.core.facts.damage import damage_of, shared_damage
from bot.core.facts.policy import Policy
from bot.core.facts.project import Pausable, Project, Snapshot
from bot.core.facts.record import IDEATION, Record
from bot.core.ideas.ideation import FileValidProposal, Ideate, Idle, Validate, next_idea
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.merge_order import MOST_CONFLICTS, conflicts_pending, in_merge_order, in_order
from bot.core.lifecycle.path_overlap import likely_paths, may_overlap
from bot.core.lifecycle.phase import ENDED, PARKED, Phase
from bot.core.lifecycle.status import NextStep, Status, status_of, waiting_too
from bot.core.lifecycle.unprepared import unprepared
from bot.core.money.ledger import Entry, EntryKind, Ledger, Unaffordable, with_reservation
from bot.core.roles.role import Role


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where each project stands, and what is to be done now, in this order."""

    statuses: dict[int, Status]
    effects: tuple[Effect, ...]
    idle: Idle | None = None
    """Why ideation is idle, where nothing else is under way."""


@dataclass(frozen=True, kw_only=True)
class _RemainingBudget:
    """What is still free while the plan is made: agents and money that earlier effects have not taken."""

    agents: tuple[int, ...]
    ledger: Ledger


def plan(snapshot: Snapshot, policy: Policy, now: datetime) -> Plan:
    """Pure and deterministic. Effects on the API come before new runs, reviews before execution before ideation."""
    if snapshot.merge_queue:  # it tests every one on the tip itself, and in its own order
        policy = replace(policy, up_to_date=False)
    statuses = {project.number: status_of(project, policy, now) for project in snapshot.projects}
    statuses = in_merge_order(snapshot.projects, statuses, policy)
    if (broken := shared_damage(snapshot.damage)) is not None:
        statuses = _without_notice(snapshot, _stopped(statuses, f"nothing is started or spent: {broken.said}", broken.remedy))
        return Plan(statuses=statuses, effects=(), idle=Idle(reason=broken.said))
    snapshot = without_damaged(snapshot)
    if snapshot.stop is not None:
        reason = f"stopped by {snapshot.stop.by}: {snapshot.stop.reason}"
        statuses = _without_notice(snapshot, _stopped(statuses, reason, _START))
        return Plan(statuses=statuses, effects=replies_to_post(snapshot, statuses), idle=Idle(reason=reason))
    first: tuple[ExecuteOrder | Restore, ...] = (*orders_to_execute(snapshot, statuses, policy), *to_restore(snapshot, statuses))
    statuses = without_steps(statuses, first)
    settle = [*_expired_runs(snapshot, statuses, now)]
    moving = in_order(one for one in snapshot.projects if statuses[one.number].next_step not in (None, NextStep.EXECUTE, NextStep.REVIEW))
    small = [effect for project in moving for effect in _api_effect(snapshot, project, statuses[project.number])]
    budget = _RemainingBudget(agents=_free_agents(snapshot, policy), ledger=snapshot.ledger)
    starts, statuses, budget = _starts(snapshot, policy, now, statuses, budget)
    ideas, idle = _ideation(snapshot, policy, now, statuses, budget)
    done = to_archive(snapshot, statuses, frozenset(effect.number for effect in first))
    replies = replies_to_post(snapshot, statuses, starting={start.number for start in starts})
    busy = {effect.number for effect in (*first, *replies, *starts, *done)} | {project.number for project in moving}
    notes: tuple[Effect, ...] = (*notes_to_acknowledge(snapshot, policy), *notes_to_answer(snapshot, policy, busy=busy))
    busy |= {effect.number for effect in notes if isinstance(effect, AnswerNotes)}
    notes = (*notes, *(again := threads_to_resolve(snapshot, policy, now, busy=busy)))
    busy |= {effect.number for effect in again}
    calls = people_to_call(snapshot, statuses, policy, now, busy=busy)
    statuses = _without_notice(snapshot, statuses)
    return Plan(statuses=statuses, effects=(*first, *settle, *notes, *small, *replies, *calls, *starts, *ideas, *done), idle=idle)


_PAUSES_SHOWN = 10


def _without_notice(snapshot: Snapshot, statuses: dict[int, Status]) -> dict[int, Status]:
    """When everything is paused, a long queue must not become as many comments: only the first that never began are told."""
    waiting = in_order(one for one in snapshot.projects if one.record.epoch == 0 and statuses[one.number].phase is Phase.PAUSED)
    return statuses | {one.number: replace(statuses[one.number], quiet=True) for one in waiting[_PAUSES_SHOWN:]}


_CAPS = "It goes on by itself then; a higher `budget` in `.github/groundskeeper.yml` lets it go on sooner."
_START = "`groundskeeper start`, or `start` on the workflow's page, lets everything go on."


def _stopped(statuses: dict[int, Status], reason: str, remedy: str) -> dict[int, Status]:
    return {
        number: status if status.phase in ENDED | PARKED | {Phase.PROPOSED} else Status(phase=Phase.PAUSED, reason=reason, remedy=remedy)
        for number, status in statuses.items()
    }


def _expired_runs(snapshot: Snapshot, statuses: dict[int, Status], now: datetime) -> Iterable[Effect]:
    for project in snapshot.projects:
        status = statuses[project.number]
        if status.next_step is NextStep.EXPIRE_RUN:
            yield ExpireRun(number=project.number, reason=status.reason, ended_job=_ended_job(project.record, project.job_over))
    lease = snapshot.ideation.lease
    if lease is not None and (snapshot.ideation_job_over or not lease.held(now)):
        ended_job = _ended_job(snapshot.ideation, snapshot.ideation_job_over)
        yield ExpireRun(number=IDEATION, reason=f"agent {lease.holder.agent} stopped responding", ended_job=ended_job)


def _ended_job(record: Record, over: bool) -> str | None:
    return record.lease.job if over and record.lease is not None else None


def _api_effect(snapshot: Snapshot, project: Project, status: Status) -> Iterable[Effect]:
    pull, number, reason = current_pull(project), project.number, status.reason
    match status.next_step:
        case NextStep.OPEN_PULL:
            assert project.record.branch is not None
            yield OpenPull(number=number, branch=project.record.branch, reason=reason)
        case NextStep.POST_VERDICT:
            assert pull is not None
            verdict = verdict_on(project, pull.head)
            assert verdict is not None
            yield PostVerdict(number=number, pull=pull.number, verdict=verdict, reason=reason)
        case NextStep.MERGE:
            assert pull is not None
            yield Merge(number=number, pull=pull.number, head=pull.head, reason=reason, by_queue=snapshot.merge_queue)
        case NextStep.LEAVE_QUEUE:
            assert pull is not None
            yield LeaveQueue(number=number, pull=pull.number, reason=reason)
        case NextStep.CONFIRM_QUEUED_MERGE:
            assert pull is not None
            assert pull.queue_head is not None
            yield ConfirmQueuedMerge(number=number, pull=pull.number, head=pull.queue_head, reason=reason)
        case NextStep.UPDATE:
            assert pull is not None
            yield UpdateBranch(number=number, pull=pull.number, head=pull.head, base=snapshot.base, reason=reason)
        case NextStep.CLOSE:
            yield CloseIssue(number=number, reason=reason)
        case NextStep.EXECUTE | NextStep.REVIEW | NextStep.EXPIRE_RUN | None:
            return


def _free_agents(snapshot: Snapshot, policy: Policy) -> tuple[int, ...]:
    leases = [project.record.lease for project in snapshot.projects] + [snapshot.ideation.lease]
    busy = {lease.holder.agent for lease in leases if lease is not None}
    paused = snapshot.paused(Pausable.AGENT)
    return tuple(agent for agent in range(1, policy.agents + 1) if agent not in busy and str(agent) not in paused)


_AT_WORK = frozenset({Phase.WORKING, Phase.REVIEWING, Phase.REWORK, Phase.APPROVED, Phase.MERGING})


@dataclass(kw_only=True)
class _PathsInWork:
    """Which files are being worked on, and by whom; looked up only once somebody new could start."""

    snapshot: Snapshot
    policy: Policy
    _taken: dict[str, int] | None = None

    def overlapping(self, project: Project, statuses: dict[int, Status]) -> tuple[int, str] | None:
        """Another project under way that will probably touch the same file, and that file."""
        if not self.policy.keep_apart:
            return None
        if self._taken is None:
            self._taken = {}
            for other in in_order(one for one in self.snapshot.projects if statuses[one.number].phase in _AT_WORK):
                self.add(other)
        if not may_overlap(project, self._taken.keys(), self.snapshot.past):
            return None
        shared = sorted(path for path in self._likely_paths(project) if self._taken.get(path, project.number) != project.number)
        return (self._taken[shared[0]], shared[0]) if shared else None

    def add(self, project: Project) -> None:
        if self._taken is not None:
            self._taken |= dict.fromkeys(self._likely_paths(project), project.number)

    def _likely_paths(self, project: Project) -> frozenset[str]:
        return likely_paths(project, self.snapshot.listing, self.snapshot.past)


_URGENCY = {Phase.REVIEWING: 0, Phase.REWORK: 1, Phase.READY: 2}


def _starts(
    snapshot: Snapshot, policy: Policy, now: datetime, statuses: dict[int, Status], budget: _RemainingBudget
) -> tuple[list[StartRun], dict[int, Status], _RemainingBudget]:
    waiting = in_order(one for one in snapshot.projects if statuses[one.number].next_step in (NextStep.EXECUTE, NextStep.REVIEW))
    waiting.sort(key=lambda project: _URGENCY[statuses[project.number].phase])
    effects: list[StartRun] = []
    statuses = dict(statuses)
    in_work = _PathsInWork(snapshot=snapshot, policy=policy)
    conflicts = conflicts_pending(snapshot.projects)
    held = unprepared(snapshot, now)
    for place, project in enumerate(waiting):
        status = statuses[project.number]
        if held is not None:
            statuses[project.number] = held
            continue
        if status.phase is Phase.READY and conflicts > MOST_CONFLICTS:
            reason = f"{conflicts} pull requests conflict with {snapshot.default_branch}; new work waits until they are resolved"
            statuses[project.number] = Status(
                phase=Phase.PAUSED, reason=reason, remedy="Resolving one of them by hand lets it begin sooner."
            )
            continue
        if status.phase is Phase.READY and (paused := category_pause(project, snapshot)) is not None:
            statuses[project.number] = Status(phase=Phase.PAUSED, reason=paused.reason, remedy=paused.remedy)
            continue
        free = eligible_agents(budget.agents, project, snapshot, policy, place)
        if isinstance(free, NoAgent):
            statuses[project.number] = waiting_too(status, free.reason, free.remedy)
            continue
        overlapping = in_work.overlapping(project, statuses) if status.phase is Phase.READY else None
        if overlapping is not None:
            other, path = overlapping
            statuses[project.number] = replace(
                status, next_step=None, reason=f"waits for #{other}, which works on {path} too", refers_to=frozenset({other})
            )
            continue
        start = start_of(project, status, snapshot, policy, _choose(free, project))
        left = _reserve(start, budget, policy, now)
        if isinstance(left, Unaffordable):
            statuses[project.number] = Status(phase=Phase.PAUSED, reason=left.reason, until=left.until, remedy=_CAPS)
            continue
        budget = left
        effects.append(start)
        in_work.add(project)
    return effects, statuses, budget


def _choose(agents: tuple[int, ...], project: Project) -> int:
    """The agent whose branch it is, where that one is free."""
    own = [agent for agent in agents if project.record.branch and project.record.branch.startswith(f"agent-{agent}/")]
    return (own or agents)[0]


def _reserve(start: StartRun, budget: _RemainingBudget, policy: Policy, now: datetime) -> _RemainingBudget | Unaffordable:
    run = f"planned-{start.number}-{start.role.value}"
    entry = Entry(
        kind=EntryKind.RESERVE, at=now, run=run, project=start.number, role=start.role, agent=start.agent, amount=start.grant.money
    )
    ledger = with_reservation(budget.ledger, entry, policy.caps)
    if isinstance(ledger, Unaffordable):
        return ledger
    return _RemainingBudget(agents=tuple(agent for agent in budget.agents if agent != start.agent), ledger=ledger)


def _ideation(
    snapshot: Snapshot, policy: Policy, now: datetime, statuses: dict[int, Status], budget: _RemainingBudget
) -> tuple[list[Effect], Idle | None]:
    under_way = [number for number, status in statuses.items() if status.phase not in ENDED | PARKED | {Phase.PROPOSED}]
    if under_way or snapshot.ideation.lease is not None:
        return [], None
    if (broken := damage_of(snapshot.damage, IDEATION)) is not None:
        return [], Idle(reason=f"{broken.said}; {broken.remedy}")
    if not budget.agents:
        return [], Idle(reason=", ".join(["no agent is free", *(f"agent {name} is paused" for name in snapshot.paused(Pausable.AGENT))]))
    if (held := unprepared(snapshot, now)) is not None:
        return [], Idle(reason=held.reason, until=held.until)
    idea = next_idea(snapshot, policy, now)
    match idea:
        case Idle():
            return [], idea
        case FileValidProposal(run=run, queue=queue, reason=reason):
            return [FileProposal(run=run, queue=queue, reason=reason)], None
        case Validate(reason=reason):
            start = idea_run(snapshot, policy, Role.VALIDATION, budget.agents[0], None, reason)
        case Ideate(category=category, reason=reason):
            start = idea_run(snapshot, policy, Role.IDEATION, budget.agents[0], category.name, reason)
    reserved = _reserve(start, budget, policy, now)
    return ([], Idle(reason=reserved.reason, until=reserved.until)) if isinstance(reserved, Unaffordable) else ([start], None)
