"""An agent's job: first the environment, without any key; then the run, with the model's key and a token that can only read."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bot.adapters.artifacts import Handoff, read_handoff, write_bundle
from bot.adapters.clock import ServerClock
from bot.core.errors.user_errors import UserError
from bot.core.runs.run import Bundle, Ending
from bot.entry.actions import runner_environment
from bot.entry.actions.unavailable import NoModel
from bot.entry.keys import forget_keys
from bot.entry.models import chosen_model
from bot.entry.terminal import report
from bot.entry.wiring import wire_run
from bot.flows.context import RunContext
from bot.flows.running import carry_out, prepare_ahead
from bot.ports import GitError, Model
from bot.ports.environments import Prepared

_NAME = re.compile(r"[a-z0-9-]{1,80}")


@dataclass
class Interruption:
    """A cancelled job gets SIGINT, then SIGTERM, and some seconds between: enough to hand in what is there."""

    why: str | None = None

    def hear(self, _signal: int, _frame: FrameType | None) -> None:
        self.why = "The job was cancelled; what was done is kept"


def prepare(run: str, *, home: Path, runs: Path, bundles: Path) -> int:
    """Before the step that knows the model's key. Its outputs: whether the run can begin, and under which key to keep what was made."""
    handoff, interruption, clock = _begun(run, runs)
    rehearsal = NoModel(scripted=bool(os.environ.get("GROUNDSKEEPER_SCENARIO")))
    context = _context(handoff, home, bundles, lambda: rehearsal, clock)
    if context is None:
        return 1
    forget_keys()
    outcome = prepare_ahead(context, handoff.started, lambda doing: print(doing, flush=True), interrupted=lambda: interruption.why)
    match outcome:
        case Bundle():
            write_bundle(bundles, outcome)
            runner_environment.say(f"Run {run}", [f"{outcome.ending.value}: {outcome.note}"])
        case Prepared():
            runner_environment.output("ready", "true")
            of_base = outcome.key and not outcome.reused and not outcome.of_branch
            runner_environment.output("made", outcome.key if of_base else "")
            kept = ", kept from before" if outcome.reused else ""
            lines = [f"the environment was prepared in {outcome.took.total_seconds():.1f} s{kept}", *outcome.notes]
            runner_environment.say(f"Environment of run {run}", lines)
    return 0


def work(run: str, *, home: Path, runs: Path, bundles: Path) -> int:
    """The exit status: 0 when the run came to an end that was handed in, 1 when it could not be begun."""
    handoff, interruption, clock = _begun(run, runs)
    watcher = report(now=clock.now).watcher
    context = _context(handoff, home, bundles, lambda: chosen_model(clock), clock)
    if context is None:
        return 1
    forget_keys()
    bundle = carry_out(context, handoff.started, lambda now: watcher.progress(handoff.started, now), interrupted=lambda: interruption.why)
    write_bundle(bundles, bundle)
    runner_environment.say(f"Run {run}", [f"{bundle.ending.value}: {bundle.note}"])
    return 0


def _begun(run: str, runs: Path) -> tuple[Handoff, Interruption, ServerClock]:
    if not _NAME.fullmatch(run):
        raise UserError(f"{run[:80]!r} is no name of a run.")
    handoff = read_handoff(runs / f"{run}.json")
    interruption = Interruption()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interruption.hear)
    return handoff, interruption, ServerClock()


def _context(handoff: Handoff, home: Path, bundles: Path, model: Callable[[], Model], clock: ServerClock) -> RunContext | None:
    """None where the job cannot begin, which is said in a bundle: so the project tells why, and nothing counts as spent."""
    run = handoff.started.holder.run
    try:
        remote, token = runner_environment.git_url(handoff.repository), runner_environment.token()
        return wire_run(handoff, remote=remote, token=token, home=home, model=model(), clock=clock)
    except (UserError, GitError) as error:
        runner_environment.say(f"Run {run}", [f"groundskeeper: {error}"])
        write_bundle(bundles, Bundle(run=run, ending=Ending.FAILED, note=f"The job could not begin: {error}"))
        return None
