"""One tick: look at GitHub, decide, act. The same for every hint, and enough alone."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from bot.core.effects import Retire, StartRun, describe
from bot.core.lease import Refused
from bot.core.phase import Phase
from bot.core.plan import Plan, plan
from bot.core.project import Project, Snapshot
from bot.core.roles import Role
from bot.core.standing import Standing
from bot.core.started import Started
from bot.flows.applying import Applied, apply, changed_soon, still_allowed
from bot.flows.means import Means
from bot.flows.moving import hold_the_pen
from bot.flows.showing import projections
from bot.flows.snapshot import Look, look, with_blockers
from bot.flows.starting import is_unasked
from bot.ports import GitHubTrouble, RefState

_MOST_ASKED = 100
"""Issues whose blockers one tick asks; behind more blocked ones than that the queue waits for the next tick, which remembers them."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """What one tick saw, decided and did."""

    snapshot: Snapshot
    plan: Plan
    applied: tuple[Applied, ...] = ()
    shown: int = 0
    held_back: str | None = None
    """Why nothing was done although something was planned."""
    notices: tuple[str, ...] = ()
    """What people should know about this process, each said once."""

    @property
    def started(self) -> tuple[Started, ...]:
        return tuple(one.started for one in self.applied if one.started is not None)

    @property
    def moved(self) -> bool:
        """Whether another look would see something new at once."""
        return any(one.done for one in self.applied) or self.shown > 0


def foresee(means: Means, *, about: Set[int] = frozenset()) -> Tick:
    """What a tick would do, and why; changes nothing. Issues `about` are looked at even where they are no projects."""
    seen, decided = _decide(means, about)
    return Tick(snapshot=seen.snapshot, plan=decided)


def tick(means: Means) -> Tick:
    """Raises `GitTrouble` and `GitHubTrouble` when the look fails; what is done after that is in the answer."""
    done = _tick(means)
    notice = means.screen.notice()
    return replace(done, notices=(notice,)) if notice else done


def _tick(means: Means) -> Tick:
    seen, decided = _decide(means)
    snapshot = seen.snapshot
    pending = projections(means, snapshot, decided.standings)
    if not decided.effects and not pending and not seen.heard.wants_noting:
        return Tick(snapshot=snapshot, plan=decided)
    pen = hold_the_pen(means, seen.refs, heard_until=seen.heard.until)
    if isinstance(pen, Refused):
        return Tick(snapshot=snapshot, plan=decided, held_back=pen.reason)
    applied: list[Applied] = []
    for effect in (effect for effect in decided.effects if not isinstance(effect, Retire)):
        why = still_allowed(means, pen)
        if why is not None:
            return Tick(snapshot=snapshot, plan=decided, applied=tuple(applied), held_back=why)
        applied.append(apply(means, snapshot, effect))
    shown, held_back = _show(means, snapshot, decided, applied, pen)
    if held_back is None:
        applied += _retire(means, snapshot, decided, pen)
    return Tick(snapshot=snapshot, plan=decided, applied=tuple(applied), shown=shown, held_back=held_back)


def report(done: Tick) -> list[str]:
    """For the terminal and the log: every effect with its reason, then what waits and why."""
    lines = [one.said for one in done.applied] or [describe(effect) for effect in done.plan.effects]
    lines += [f"project {number} {standing.phase.value}: {standing.reason}" for number, standing in sorted(done.plan.standings.items())]
    if done.plan.idle is not None:
        lines.append(f"idle: {done.plan.idle.reason}")
    lines += done.notices
    if done.held_back:
        lines.append(f"held back: {done.held_back}")
    return lines


def _decide(means: Means, about: Set[int] = frozenset()) -> tuple[Look, Plan]:
    """All titles are read only where ideation would start, and blockers only of what would: they cost requests."""
    seen = look(means, about=about)
    decided = plan(seen.snapshot, means.policy, means.clock.now())
    asked = 0
    while unasked := _unasked(seen.snapshot, decided):
        if asked >= _MOST_ASKED:
            left_out = tuple(one for one in decided.effects if not (isinstance(one, StartRun) and one.number in unasked))
            return seen, replace(decided, effects=left_out)
        seen = with_blockers(means, seen, unasked)
        decided = plan(seen.snapshot, means.policy, means.clock.now())
        asked += len(unasked)
    if any(isinstance(effect, StartRun) and effect.role is Role.IDEATION for effect in decided.effects):
        snapshot = replace(seen.snapshot, titles=means.reads.titles())
        seen = replace(seen, snapshot=snapshot)
        decided = plan(snapshot, means.policy, means.clock.now())
    return seen, decided


def _unasked(snapshot: Snapshot, decided: Plan) -> frozenset[int]:
    """What the plan would start for the first time without knowing whether another issue blocks it."""
    starts = {effect.number for effect in decided.effects if isinstance(effect, StartRun)}
    return frozenset(project.number for project in snapshot.projects if project.number in starts and is_unasked(project))


def _show(means: Means, snapshot: Snapshot, decided: Plan, applied: list[Applied], pen: RefState) -> tuple[int, str | None]:
    """Shows what is true after the effects: a run that just started is shown as running, from the record that its push made."""
    started = {one.started.start.number: one.started for one in applied if one.started is not None}
    soon = changed_soon(applied)
    projects = tuple(_as_started(project, started) for project in snapshot.projects if project.number not in soon)
    standings = {number: _standing(standing, started.get(number)) for number, standing in decided.standings.items()}
    pending = projections(means, replace(snapshot, projects=projects), standings)
    if not pending:
        return 0, None
    why = still_allowed(means, pen)
    if why is not None:
        return 0, why
    try:
        means.writes.show(pending)
    except GitHubTrouble as trouble:
        return 0, f"people could not be shown the state: {trouble}"
    try:
        means.screen.write([one.row for one in pending if one.row is not None])
    except GitHubTrouble as trouble:
        return len(pending), f"the board could not be brought up to date: {trouble}"
    return len(pending), None


def _as_started(project: Project, started: dict[int, Started]) -> Project:
    own = started.get(project.number)
    return replace(project, record=own.record) if own else project


def _standing(standing: Standing, started: Started | None) -> Standing:
    if started is None:
        return standing
    phase = Phase.REVIEWING if started.start.role is Role.REVIEW else Phase.WORKING
    return Standing(phase=phase, reason=f"agent {started.start.agent} started: {started.start.reason}")


def _retire(means: Means, snapshot: Snapshot, decided: Plan, pen: RefState) -> list[Applied]:
    applied = []
    for effect in decided.effects:
        if isinstance(effect, Retire):
            if still_allowed(means, pen) is not None:
                break
            applied.append(apply(means, snapshot, effect))
    return applied
