"""Carrying out a run beside its lease: the workspace, the agent, and a watch that ends it at a stop or when the lease was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.agents.run import run_brief
from bot.agents.run_ports import Progress, RunPorts
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.damage import STOP, damage_of
from bot.core.facts.project import Pausable, pause_of
from bot.core.lifecycle.lease import Refused, renewed
from bot.core.money.pricing import ZERO
from bot.core.runs.run import Bundle, Ending
from bot.core.secrets.detection import without_secrets
from bot.flows.context import RunContext
from bot.flows.preparing import making_ready
from bot.flows.ref_updates import keeping_transcript, move, record_of
from bot.ports import Change, GitError, RefState
from bot.ports.environments import Prepared, Unprepared

_LOOK_EVERY = timedelta(seconds=5)


def carry_out(
    context: RunContext,
    started: StartedRun,
    watch: Callable[[Progress], None] = lambda _: None,
    *,
    interrupted: Callable[[], str | None] = lambda: None,
) -> Bundle:
    """Prepares the environment, runs the agent and returns what it came to, without secrets; whatever goes wrong is an ending of the
    bundle, never an exception of the run.

    `interrupted` says why this machine wants the run to end, where it does: it then hands in what it has.
    """
    guard = LeaseGuard(context=context, started=started, interrupted=interrupted)
    place = context.transcripts / f"{started.holder.run}.jsonl"

    def seen(progress: Progress) -> None:
        guard.progress = progress
        watch(progress)

    def say(doing: str) -> None:
        seen(Progress(step=0, steps=started.start.grant.steps, spent=ZERO, doing=doing))

    try:
        with making_ready(context, started, cancelled=guard.over, say=say) as ready:
            if isinstance(ready, Unprepared):
                return _ended(started, guard.why, ready)
            ports = RunPorts(
                model=context.model,
                sandbox=ready.sandbox,
                workspace=ready.workspace,
                clock=context.clock,
                prompts=context.prompts,
                products=ready.products,
                fresh=ready.fresh,
                cancelled=guard.over,
                save=lambda transcript: _save(place, transcript),
                watch=seen,
            )
            bundle = replace(run_brief(replace(started.brief, baseline=ready.baseline), ports), sandboxed=ready.sandbox.isolating)
    except GitError as trouble:
        return Bundle(run=started.holder.run, ending=Ending.FAILED, note=f"The workspace could not be made: {trouble}")
    bundle = without_secrets(replace(bundle, scripted=context.model.scripted))
    if guard.why is not None and bundle.ending is not Ending.FINISHED:
        return replace(bundle, ending=Ending.STOPPED, note=guard.why)
    return bundle


def prepare_ahead(
    context: RunContext,
    started: StartedRun,
    say: Callable[[str], None],
    *,
    interrupted: Callable[[], str | None] = lambda: None,
) -> Prepared | Bundle:
    """Fills what `carry_out` then finds made, for a process that may not know the model's key; a bundle where that is its end."""
    guard = LeaseGuard(context=context, started=started, interrupted=interrupted)
    try:
        with making_ready(context, started, cancelled=guard.over, say=say) as ready:
            return _ended(started, guard.why, ready) if isinstance(ready, Unprepared) else ready.prepared
    except GitError as error:
        return Bundle(run=started.holder.run, ending=Ending.FAILED, note=f"The workspace could not be made: {error}")


def _ended(started: StartedRun, stopped: str | None, unprepared: Unprepared) -> Bundle:
    """Before the first question to the model, so that nothing was spent."""
    if stopped is not None:
        return Bundle(run=started.holder.run, ending=Ending.STOPPED, note=stopped)
    return Bundle(run=started.holder.run, ending=Ending.UNPREPARED, note=unprepared.why, transcript=started.brief.transcript)


def _save(place: Path, transcript: str) -> None:
    place.write_text(transcript, encoding="utf-8")


def _told(progress: Progress | None) -> tuple[str, int]:
    """What it is doing, in a line, and percent of its steps."""
    return (progress.doing[:200], min(100, 100 * progress.step // max(1, progress.steps))) if progress is not None else ("", 0)


@dataclass(kw_only=True)
class LeaseGuard:
    """Asked often by the run, looks at the refs rarely: has somebody stopped the bot, or taken the lease over? Renews it on the way."""

    context: RunContext
    started: StartedRun
    looked_at: datetime | None = None
    """Never before the first question: a job may have waited long for its machine, or be one that somebody had run again."""
    interrupted: Callable[[], str | None] = lambda: None
    why: str | None = None
    progress: Progress | None = None

    def over(self) -> bool:
        now = self.context.clock.now()
        self.why = self.why or self.interrupted()
        if self.why is None and (self.looked_at is None or now - self.looked_at >= _LOOK_EVERY):
            self.looked_at = now
            try:
                self.why = self._why_end(now)
            except GitError:
                # Out of reach is no verdict; the lease itself bounds how long a run goes on unseen.
                self.why = "The lease ended while GitHub was out of reach" if self._ended(now) else None
        return self.why is not None

    def _ended(self, now: datetime) -> bool:
        lease = self.started.record.lease
        return lease is not None and now >= lease.until

    def _why_end(self, now: datetime) -> str | None:
        state = self.context.refs.read()
        if (broken := damage_of(state.damage, STOP)) is not None:  # it may have been a stop
            return f"Nobody can say whether everything is stopped: {broken.said}"
        if state.stop is not None:
            return f"Stopped by {state.stop.by}: {state.stop.reason}"
        agent = self.started.holder.agent
        if (pause := pause_of(state.pauses, Pausable.AGENT, str(agent))) is not None:
            return f"Agent {agent} was paused by {pause.by}: {pause.reason}"
        lease = record_of(state, self.started.start.number).lease
        if lease is None or lease.holder != self.started.holder:
            return "The lease was taken over"
        if self.context.renews and lease.until - now < self.context.lease / 2:
            return self._renew()
        return None

    def _renew(self) -> str | None:
        number, holder = self.started.start.number, self.started.holder

        def decide(state: RefState) -> Change | Refused:
            now = self.context.clock.now()
            step, percent = _told(self.progress)
            after = renewed(record_of(state, number), holder, now, now + self.context.lease, step=step, progress=percent)
            if isinstance(after, Refused):
                return after
            return keeping_transcript(self.context, after, f"Agent {holder.agent} is still at it")

        moved = move(self.context, decide)
        return moved.reason if isinstance(moved, Refused) else None
