"""One tick: look at GitHub, decide, act. The same for every hint, and enough alone."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from bot.core.decisions.effects import Archive, StartRun, describe
from bot.core.decisions.plan import Plan, plan
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.project import Project, Snapshot
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.status import status_of
from bot.core.roles.role import Role
from bot.flows.applying import Applied, apply, changed_soon, still_allowed
from bot.flows.context import Context
from bot.flows.projecting import projections
from bot.flows.snapshot import Observation, read_snapshot, with_blockers
from bot.flows.starting import is_unasked
from bot.flows.writer_lock import acquire_writer_lock
from bot.ports import GitHubError, RefState

_MOST_ASKED = 100
"""Issues whose blockers one tick asks; behind more blocked ones than that the queue waits for the next tick, which remembers them."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """What one tick saw, decided and did."""

    snapshot: Snapshot
    plan: Plan
    applied: tuple[Applied, ...] = ()
    shown: int = 0
    deferred: str | None = None
    """Why nothing was done although something was planned."""
    notices: tuple[str, ...] = ()
    """What people should know about this process, each said once."""

    @property
    def started(self) -> tuple[StartedRun, ...]:
        return tuple(one.started for one in self.applied if one.started is not None)

    @property
    def moved(self) -> bool:
        """Whether another look would see something new at once."""
        return any(one.done for one in self.applied) or self.shown > 0


def dry_run(context: Context, *, about: Set[int] = frozenset()) -> Tick:
    """What a tick would do, and why; changes nothing. Issues `about` are looked at even where they are no projects."""
    seen, decided = _decide(context, about)
    return Tick(snapshot=seen.snapshot, plan=decided)


def tick(context: Context) -> Tick:
    """Raises `GitError` and `GitHubError` when the look fails; what is done after that is in the answer."""
    done = _tick(context)
    notice = context.board.notice()
    return replace(done, notices=(notice,)) if notice else done


def _tick(context: Context) -> Tick:
    seen, decided = _decide(context)
    snapshot = seen.snapshot
    pending = projections(context, snapshot, decided.statuses)
    if not decided.effects and not pending and not seen.new_mentions.wants_saving:
        return Tick(snapshot=snapshot, plan=decided)
    lock = acquire_writer_lock(context, seen.refs, read_until=seen.new_mentions.until)
    if isinstance(lock, Refused):
        return Tick(snapshot=snapshot, plan=decided, deferred=lock.reason)
    applied: list[Applied] = []
    for effect in (effect for effect in decided.effects if not isinstance(effect, Archive)):
        why = still_allowed(context, lock)
        if why is not None:
            return Tick(snapshot=snapshot, plan=decided, applied=tuple(applied), deferred=why)
        applied.append(apply(context, snapshot, effect))
    shown, deferred = _show(context, snapshot, decided, applied, lock)
    if deferred is None:
        applied += _archive(context, snapshot, decided, lock)
    return Tick(snapshot=snapshot, plan=decided, applied=tuple(applied), shown=shown, deferred=deferred)


def report(done: Tick) -> list[str]:
    """For the terminal and the log: every effect with its reason, then what waits and why."""
    lines = [one.summary for one in done.applied] or [describe(effect) for effect in done.plan.effects]
    lines += [f"project {number} {status.phase.value}: {status.reason}" for number, status in sorted(done.plan.statuses.items())]
    if done.plan.idle is not None:
        lines.append(f"idle: {done.plan.idle.reason}")
    lines += done.notices
    if done.deferred:
        lines.append(f"waiting: {done.deferred}")
    return lines


def _decide(context: Context, about: Set[int] = frozenset()) -> tuple[Observation, Plan]:
    """All titles are read only where ideation or its validation would start, and blockers only of what would: they cost requests."""
    seen = read_snapshot(context, about=about)
    decided = plan(seen.snapshot, context.policy, context.clock.now())
    asked = 0
    while unasked := _unasked(seen.snapshot, decided):
        if asked >= _MOST_ASKED:
            left_out = tuple(one for one in decided.effects if not (isinstance(one, StartRun) and one.number in unasked))
            return seen, replace(decided, effects=left_out)
        seen = with_blockers(context, seen, unasked)
        if any(project.issue.blockers for project in seen.snapshot.projects if project.number in unasked):
            decided = plan(seen.snapshot, context.policy, context.clock.now())
        asked += len(unasked)
    if any(isinstance(effect, StartRun) and effect.role in (Role.IDEATION, Role.VALIDATION) for effect in decided.effects):
        snapshot = replace(seen.snapshot, titles=context.reads.titles())
        seen = replace(seen, snapshot=snapshot)
        decided = plan(snapshot, context.policy, context.clock.now())
    return seen, decided


def _unasked(snapshot: Snapshot, decided: Plan) -> frozenset[int]:
    """What the plan would start for the first time without knowing whether another issue blocks it."""
    starts = {effect.number for effect in decided.effects if isinstance(effect, StartRun)}
    return frozenset(project.number for project in snapshot.projects if project.number in starts and is_unasked(project))


def _show(context: Context, snapshot: Snapshot, decided: Plan, applied: list[Applied], lock: RefState) -> tuple[int, str | None]:
    """Shows what is true after the effects: a run that just started is shown as running, from the record that its push made."""
    started = {one.started.start.number: one.started for one in applied if one.started is not None}
    soon = changed_soon(applied)
    projects = tuple(_as_started(project, started) for project in snapshot.projects if project.number not in soon)
    now = context.clock.now()
    statuses = dict(decided.statuses) | {one.number: status_of(one, context.policy, now) for one in projects if one.number in started}
    pending = projections(context, replace(snapshot, projects=projects), statuses)
    if not pending:
        return 0, None
    why = still_allowed(context, lock)
    if why is not None:
        return 0, why
    try:
        context.writes.show(pending)
    except GitHubError as error:
        return 0, f"people could not be shown the state: {error}"
    try:
        context.board.write([one.row for one in pending if one.row is not None])
    except GitHubError as error:
        return len(pending), f"the board could not be brought up to date: {error}"
    return len(pending), None


def _as_started(project: Project, started: dict[int, StartedRun]) -> Project:
    own = started.get(project.number)
    return replace(project, record=own.record) if own else project


def _archive(context: Context, snapshot: Snapshot, decided: Plan, lock: RefState) -> list[Applied]:
    applied = []
    for effect in decided.effects:
        if isinstance(effect, Archive):
            if still_allowed(context, lock) is not None:
                break
            applied.append(apply(context, snapshot, effect))
    return applied
