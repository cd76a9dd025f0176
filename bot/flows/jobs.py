"""Jobs as the fleet: one job decides and starts, others carry runs out, one takes in what they hand back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.decisions.started_run import StartedRun
from bot.core.facts.record import Record, Run
from bot.core.lifecycle.lease import Refused, expired
from bot.core.runs.run import Bundle
from bot.flows.context import Context
from bot.flows.expiring import expiry
from bot.flows.publishing import publish
from bot.flows.ref_updates import move, record_of
from bot.flows.ticking import Tick, tick
from bot.flows.writer_lock import release_writer_lock
from bot.ports import Change, GitError, GitHubError, RefState

_MOST_TICKS = 20
_AWAKE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the ticks of one planning job came to; `error` ended them early, yet what was started stays started."""

    ticks: tuple[Tick, ...]
    error: str | None = None

    @property
    def started(self) -> tuple[StartedRun, ...]:
        return tuple(one for done in self.ticks for one in done.started)


def plan_jobs(context: Context, *, ideate: bool = False, watch: Callable[[Tick], None] = lambda _: None) -> Planned:
    """Ticks until nothing moves any more. A run that was started is never forgotten, whatever happens after it."""
    if ideate:
        rested = replace(context.policy.ideation, enabled=True, pause=timedelta())
        context = replace(context, policy=replace(context.policy, ideation=rested))
    ticks: list[Tick] = []
    try:
        for _ in range(_MOST_TICKS):
            done = tick(context)
            ticks.append(done)
            watch(done)
            if not done.moved:
                break
        release_writer_lock(context)
    except (GitError, GitHubError) as error:
        return Planned(ticks=tuple(ticks), error=f"A tick failed and nothing was done in it: {error}")
    return Planned(ticks=tuple(ticks))


def take_in(context: Context, started: StartedRun, bundle: Bundle | None) -> Run | Refused:
    """Publishes what a job handed back. Nothing of it is believed that the lease does not bear out; without a bundle the job died."""
    record = record_of(context.refs.read(), started.start.number)
    why = _mismatch(record, started, bundle)
    if why is not None:
        return Refused(reason=why)
    started = replace(started, record=record)
    return _expired(context, started) if bundle is None else publish(context, started, bundle)


def _mismatch(record: Record, started: StartedRun, bundle: Bundle | None) -> str | None:
    """Files travel through places where other code runs: who may publish what, and to which branch, is read from the ref alone."""
    lease = record.lease
    if lease is None or lease.holder != started.holder:
        return f"the lease of run {started.holder.run} is gone"
    start = started.start
    told = (start.role, start.agent, start.cycle, start.base, start.head)
    if told != (lease.role, lease.holder.agent, lease.cycle, lease.base, lease.head):
        return f"what was handed in for run {started.holder.run} is not what its lease was taken for"
    if bundle is not None and bundle.run != started.holder.run:
        return f"the bundle says that it is of run {bundle.run}, not of {started.holder.run}"
    if bundle is not None and bundle.spend.money < 0:
        return f"the bundle of run {bundle.run} says that it spent less than nothing"
    return None


def _expired(context: Context, started: StartedRun) -> Run | Refused:
    number = started.start.number

    def decide(state: RefState) -> Change | Refused:
        before = record_of(state, number)
        if before.lease is None or before.lease.holder != started.holder:
            return Refused(reason=f"the lease of run {started.holder.run} is gone")
        after = expired(before, context.clock.now(), ended_job=before.lease.job)
        if isinstance(after, Refused):
            return after
        lost = replace(after.runs[-1], note="Its job ended without handing anything in; its grant counts as spent")
        return expiry(context, state, replace(after, runs=(*after.runs[:-1], lost)), note=lost.note)

    moved = move(context, decide)
    return moved if isinstance(moved, Refused) else record_of(moved, number).runs[-1]


def time_to_stay_awake(now: datetime) -> bool:
    """Once a day: GitHub disables schedules of public repositories after 60 days without activity, and enabling again counts as some."""
    return now - now.replace(hour=0, minute=0, second=0, microsecond=0) < _AWAKE
