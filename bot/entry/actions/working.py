"""An agent's job: it has the model's key and a token that can only read, and hands back a bundle whatever happens."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bot.adapters.artifacts import read_handoff, write_bundle
from bot.adapters.clock import ServerClock
from bot.core.errors.user_errors import UserError
from bot.core.runs.run import Bundle, Ending
from bot.entry.actions import runner_environment
from bot.entry.models import chosen_model
from bot.entry.terminal import report
from bot.entry.wiring import wire_run
from bot.flows.running import carry_out
from bot.ports import GitError

_NAME = re.compile(r"[a-z0-9-]{1,80}")


@dataclass
class Interruption:
    """A cancelled job gets SIGINT, then SIGTERM, and some seconds between: enough to hand in what is there."""

    why: str | None = None

    def hear(self, _signal: int, _frame: FrameType | None) -> None:
        self.why = "The job was cancelled; what was done is kept"


def work(run: str, *, home: Path, runs: Path, bundles: Path) -> int:
    """The exit status: 0 when the run came to an end that was handed in, 1 when it could not be begun."""
    if not _NAME.fullmatch(run):
        raise UserError(f"{run[:80]!r} is no name of a run.")
    handoff = read_handoff(runs / f"{run}.json")
    interruption = Interruption()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interruption.hear)
    clock = ServerClock()
    watcher = report(now=clock.now).watcher
    try:
        context = wire_run(
            handoff,
            remote=runner_environment.git_url(handoff.repository),
            token=runner_environment.token(),
            home=home,
            model=chosen_model(clock),
            clock=clock,
        )
    except (UserError, GitError) as error:
        # Said in the bundle, so that the project tells why and no more than nothing counts as spent.
        runner_environment.say(f"Run {run}", [f"groundskeeper: {error}"])
        write_bundle(bundles, Bundle(run=run, ending=Ending.FAILED, note=f"The job could not begin: {error}"))
        return 1
    bundle = carry_out(context, handoff.started, lambda now: watcher.progress(handoff.started, now), interrupted=lambda: interruption.why)
    write_bundle(bundles, bundle)
    runner_environment.say(f"Run {run}", [f"{bundle.ending.value}: {bundle.note}"])
    return 0
