"""Decides what to do next from a snapshot: effects as data, each with its reason. Planning again after applying plans nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.effects import (
    CloseIssue,
    Effect,
    FileProposal,
    LeaveQueue,
    Merge,
    Obey,
    OpenPull,
    PostVerdict,
    Revive,
    StartRun,
    UpdateBranch,
    Vouch,
    WriteOff,
)
from bot.core.ideas import FileIt, Ideate, Rest, Validate, next_idea
from bot.core.labels import PHASES
from bot.core.leaving import put_away, revived
from bot.core.ledger import Entry, EntryKind, Ledger, Unaffordable, with_reservation
from bot.core.merging import MOST_CONFLICTS, conflicts_pending, in_order, lined_up
from bot.core.obedience import answers, at_agents, heard, unmoved
from bot.core.overlap import may_meet, territory
from bot.core.phase import ENDED, PARKED, Phase
from bot.core.policy import Policy
from bot.core.project import Pausable, Project, Snapshot
from bot.core.record import IDEATION, Record
from bot.core.roles import Role
from bot.core.run import Ending
from bot.core.standing import Standing, Want, current_pull, current_runs, cycles_used, standing_of
from bot.core.verdict import verdict_on


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where each project stands, and what is to be done now, in this order."""

    standings: dict[int, Standing]
    effects: tuple[Effect, ...]
    idle: Rest | None = None
    """Why ideation rests, where nothing else is under way."""


@dataclass(frozen=True, kw_only=True)
class _Purse:
    """What is still free while the plan is made: agents and money that earlier effects have not taken."""

    agents: tuple[int, ...]
    ledger: Ledger


def plan(snapshot: Snapshot, policy: Policy, now: datetime) -> Plan:
    """Pure and deterministic. Effects on the API come before new runs, reviews before execution before ideation."""
    if snapshot.merge_queue:  # it tests every one on the tip itself, and in its own order
        policy = replace(policy, up_to_date=False)
    standings = {project.number: standing_of(project, policy, now) for project in snapshot.projects}
    standings = lined_up(snapshot.projects, standings, policy)
    if snapshot.stop is not None:
        reason = f"stopped by {snapshot.stop.by}: {snapshot.stop.reason}"
        standings = _hushed(snapshot, _held_back(standings, reason))
        return Plan(standings=standings, effects=answers(snapshot, standings), idle=Rest(reason=reason))
    first: tuple[Obey | Revive, ...] = (*heard(snapshot, standings, policy), *revived(snapshot, standings))
    standings = unmoved(standings, first)
    settle = [*_lost(snapshot, standings, now)]
    moving = in_order(one for one in snapshot.projects if standings[one.number].want not in (None, Want.EXECUTE, Want.REVIEW))
    small = [effect for project in moving for effect in _api_effect(snapshot, project, standings[project.number])]
    purse = _Purse(agents=_free_agents(snapshot, policy), ledger=snapshot.ledger)
    starts, standings, purse = _starts(snapshot, policy, now, standings, purse)
    ideas, idle = _ideation(snapshot, policy, now, standings, purse)
    done = put_away(snapshot, standings, frozenset(effect.number for effect in first))
    owed = answers(snapshot, standings, starting={start.number for start in starts})
    standings = _hushed(snapshot, standings)
    return Plan(standings=standings, effects=(*first, *settle, *small, *owed, *starts, *ideas, *done), idle=idle)


def is_visible(project: Project, standing: Standing) -> bool:
    """Whether people are shown where it stands: from the first run on, or when something keeps it from having one, or ever kept it."""
    if any(name.startswith(PHASES) for name in project.issue.labels):
        return True
    if standing.phase is Phase.PROPOSED or standing.quiet:
        return False
    return project.record.epoch > 0 or standing.phase not in (Phase.CANCELLED, Phase.READY)


_PAUSES_TOLD = 10


def _hushed(snapshot: Snapshot, standings: dict[int, Standing]) -> dict[int, Standing]:
    """When everything is paused, a long queue must not become as many comments: only the first that never began are told."""
    waiting = in_order(one for one in snapshot.projects if one.record.epoch == 0 and standings[one.number].phase is Phase.PAUSED)
    return standings | {one.number: replace(standings[one.number], quiet=True) for one in waiting[_PAUSES_TOLD:]}


def _held_back(standings: dict[int, Standing], reason: str) -> dict[int, Standing]:
    return {
        number: standing if standing.phase in ENDED | PARKED | {Phase.PROPOSED} else Standing(phase=Phase.PAUSED, reason=reason, want=None)
        for number, standing in standings.items()
    }


def _lost(snapshot: Snapshot, standings: dict[int, Standing], now: datetime) -> Iterable[Effect]:
    for project in snapshot.projects:
        standing = standings[project.number]
        if standing.want is Want.WRITE_OFF:
            yield WriteOff(number=project.number, reason=standing.reason, ended_job=_ended_job(project.record, project.job_over))
    lease = snapshot.ideation.lease
    if lease is not None and (snapshot.ideation_job_over or not lease.held(now)):
        ended_job = _ended_job(snapshot.ideation, snapshot.ideation_job_over)
        yield WriteOff(number=IDEATION, reason=f"agent {lease.holder.agent} was not heard of again", ended_job=ended_job)


def _ended_job(record: Record, over: bool) -> str | None:
    return record.lease.job if over and record.lease is not None else None


def _api_effect(snapshot: Snapshot, project: Project, standing: Standing) -> Iterable[Effect]:
    pull, number, reason = current_pull(project), project.number, standing.reason
    match standing.want:
        case Want.OPEN_PULL:
            assert project.record.branch is not None
            yield OpenPull(number=number, branch=project.record.branch, reason=reason)
        case Want.POST_VERDICT:
            assert pull is not None
            verdict = verdict_on(project, pull.head)
            assert verdict is not None
            yield PostVerdict(number=number, pull=pull.number, verdict=verdict, reason=reason)
        case Want.MERGE:
            assert pull is not None
            yield Merge(number=number, pull=pull.number, head=pull.head, reason=reason, by_queue=snapshot.merge_queue)
        case Want.LEAVE_QUEUE:
            assert pull is not None
            yield LeaveQueue(number=number, pull=pull.number, reason=reason)
        case Want.VOUCH:
            assert pull is not None
            assert pull.queue_head is not None
            yield Vouch(number=number, pull=pull.number, head=pull.queue_head, reason=reason)
        case Want.UPDATE:
            assert pull is not None
            yield UpdateBranch(number=number, pull=pull.number, head=pull.head, base=snapshot.base, reason=reason)
        case Want.CLOSE:
            yield CloseIssue(number=number, reason=reason)
        case Want.EXECUTE | Want.REVIEW | Want.WRITE_OFF | None:
            return


def _free_agents(snapshot: Snapshot, policy: Policy) -> tuple[int, ...]:
    leases = [project.record.lease for project in snapshot.projects] + [snapshot.ideation.lease]
    busy = {lease.holder.agent for lease in leases if lease is not None}
    paused = snapshot.paused(Pausable.AGENT)
    return tuple(agent for agent in range(1, policy.agents + 1) if agent not in busy and str(agent) not in paused)


_AT_WORK = frozenset({Phase.WORKING, Phase.REVIEWING, Phase.REWORK, Phase.APPROVED, Phase.MERGING})


@dataclass(kw_only=True)
class _Fields:
    """Which files are being worked on, and by whom; looked up only once somebody new could start."""

    snapshot: Snapshot
    policy: Policy
    _taken: dict[str, int] | None = None

    def neighbour(self, project: Project, standings: dict[int, Standing]) -> tuple[int, str] | None:
        """Another project under way that will probably touch the same file, and that file."""
        if not self.policy.keep_apart:
            return None
        if self._taken is None:
            self._taken = {}
            for other in in_order(self.snapshot.projects):
                if standings[other.number].phase in _AT_WORK:
                    self.enter(other)
        if not may_meet(project, self._taken.keys(), self.snapshot.past):
            return None
        shared = sorted(path for path in self._territory(project) if self._taken.get(path, project.number) != project.number)
        return (self._taken[shared[0]], shared[0]) if shared else None

    def enter(self, project: Project) -> None:
        if self._taken is not None:
            self._taken |= dict.fromkeys(self._territory(project), project.number)

    def _territory(self, project: Project) -> frozenset[str]:
        return territory(project, self.snapshot.listing, self.snapshot.past)


_URGENCY = {Phase.REVIEWING: 0, Phase.REWORK: 1, Phase.READY: 2}


def _starts(
    snapshot: Snapshot, policy: Policy, now: datetime, standings: dict[int, Standing], purse: _Purse
) -> tuple[list[StartRun], dict[int, Standing], _Purse]:
    waiting = in_order(one for one in snapshot.projects if standings[one.number].want in (Want.EXECUTE, Want.REVIEW))
    waiting.sort(key=lambda project: _URGENCY[standings[project.number].phase])
    effects: list[StartRun] = []
    standings = dict(standings)
    fields = _Fields(snapshot=snapshot, policy=policy)
    conflicts = conflicts_pending(snapshot.projects)
    for place, project in enumerate(waiting):
        standing = standings[project.number]
        if standing.phase is Phase.READY and conflicts > MOST_CONFLICTS:
            reason = f"{conflicts} pull requests conflict with {snapshot.default_branch}; new work waits until they are resolved"
            standings[project.number] = Standing(phase=Phase.PAUSED, reason=reason)
            continue
        free = at_agents(purse.agents, project, snapshot, policy, place)
        if isinstance(free, str):
            standings[project.number] = replace(standing, reason=f"{standing.reason}; {free}")
            continue
        neighbour = fields.neighbour(project, standings) if standing.phase is Phase.READY else None
        if neighbour is not None:
            other, path = neighbour
            standings[project.number] = replace(standing, want=None, reason=f"waits for #{other}, which works on {path} too")
            continue
        start = _start(project, standing, snapshot, policy, _choose(free, project))
        left = _pay(start, purse, policy, now)
        if isinstance(left, Unaffordable):
            standings[project.number] = Standing(phase=Phase.PAUSED, reason=left.reason, until=left.until)
            continue
        purse = left
        effects.append(start)
        fields.enter(project)
    return effects, standings, purse


def _choose(agents: tuple[int, ...], project: Project) -> int:
    """The agent whose branch it is, where that one is free."""
    own = [agent for agent in agents if project.record.branch and project.record.branch.startswith(f"agent-{agent}/")]
    return (own or agents)[0]


def _start(project: Project, standing: Standing, snapshot: Snapshot, policy: Policy, agent: int) -> StartRun:
    role = Role.REVIEW if standing.want is Want.REVIEW else Role.EXECUTION
    pull = current_pull(project)
    unfinished = [run for run in current_runs(project) if run.role is role][-1:]
    goes_on = bool(unfinished) and unfinished[0].ending in (Ending.UNFINISHED, Ending.STOPPED, Ending.LIMITED)
    used = cycles_used(project)
    cycle = used if role is Role.REVIEW else min(policy.cycles, used + 1)
    return StartRun(
        number=project.number,
        agent=agent,
        role=role,
        cycle=max(1, cycle),
        grant=policy.grants[role],
        base=snapshot.base,
        head=pull.head if pull is not None else project.branch_head,
        reason="goes on from its checkpoint" if goes_on and project.record.checkpoint else standing.reason,
    )


def _pay(start: StartRun, purse: _Purse, policy: Policy, now: datetime) -> _Purse | Unaffordable:
    run = f"planned-{start.number}-{start.role.value}"
    entry = Entry(
        kind=EntryKind.RESERVE, at=now, run=run, project=start.number, role=start.role, agent=start.agent, amount=start.grant.money
    )
    ledger = with_reservation(purse.ledger, entry, policy.caps)
    if isinstance(ledger, Unaffordable):
        return ledger
    return _Purse(agents=tuple(agent for agent in purse.agents if agent != start.agent), ledger=ledger)


def _ideation(
    snapshot: Snapshot, policy: Policy, now: datetime, standings: dict[int, Standing], purse: _Purse
) -> tuple[list[Effect], Rest | None]:
    under_way = [number for number, standing in standings.items() if standing.phase not in ENDED | PARKED | {Phase.PROPOSED}]
    if under_way or snapshot.ideation.lease is not None:
        return [], None
    if not purse.agents:
        return [], Rest(reason=", ".join(["no agent is free", *(f"agent {name} is paused" for name in snapshot.paused(Pausable.AGENT))]))
    idea = next_idea(snapshot, policy, now)
    match idea:
        case Rest():
            return [], idea
        case FileIt(run=run, queue=queue, reason=reason):
            return [FileProposal(run=run, queue=queue, reason=reason)], None
        case Validate(reason=reason):
            start = _idea_run(snapshot, policy, Role.VALIDATION, purse.agents[0], None, reason)
        case Ideate(category=category, reason=reason):
            start = _idea_run(snapshot, policy, Role.IDEATION, purse.agents[0], category.name, reason)
    paid = _pay(start, purse, policy, now)
    return ([], Rest(reason=paid.reason, until=paid.until)) if isinstance(paid, Unaffordable) else ([start], None)


def _idea_run(snapshot: Snapshot, policy: Policy, role: Role, agent: int, category: str | None, reason: str) -> StartRun:
    return StartRun(
        number=IDEATION,
        agent=agent,
        role=role,
        cycle=1,
        grant=policy.grants[role],
        base=snapshot.base,
        head=None,
        category=category,
        reason=reason,
    )
