"""`tick` and `run`: this machine's own agents, wired, shown on the terminal, and ended in order by Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.adapters.clock import ServerClock
from bot.entry.home import claim_home
from bot.entry.keys import forget_keys
from bot.entry.models import chosen_model, refuse_unpriced
from bot.entry.signals import interruptible
from bot.entry.terminal import Verbosity, report
from bot.entry.wiring import Wired, from_environment, wire
from bot.flows.fleet import Interrupted, keep_working
from bot.flows.ticking import Tick


def wired_to_work(home: Path, *, repository: str | None = None, agents: int | None = None, clock: ServerClock) -> Wired:
    """With model and sandbox, and with what a former process of this home left locked. Raises `UserError` before anything is begun."""
    settings = from_environment(home, repository=repository, agents=agents)
    wired = wire(settings, model=chosen_model(clock), clock=clock)
    if not wired.context.model.scripted:
        refuse_unpriced(wired.context.policy)
    former = claim_home(home, wired.context.writer)
    return replace(wired, context=replace(wired.context, former_writers=former))


def work(home: Path, *, repository: str | None, agents: int | None, verbosity: Verbosity, until: Callable[[Tick], bool]) -> int:
    """The exit status, once `until` says that it is enough or a signal has ended it."""
    with interruptible() as interruption:
        clock = ServerClock(sleep=interruption.sleep)
        wired = wired_to_work(home, repository=repository, agents=agents, clock=clock)
        forget_keys()
        shown = report(now=clock.now, web=wired.web, verbosity=verbosity)
        interruption.at_work = shown.at_work
        try:
            keep_working(wired.context, until=until, watcher=shown.watcher, interrupted=interruption.reason)
        except Interrupted as ended:
            for one in ended.left:
                shown.watcher.error(f"agent {one.start.agent} did not end in time; its lease ends by itself")
            if ended.left:
                sys.stdout.flush()
                os._exit(interruption.exit_status())  # their threads would be waited for
            return interruption.exit_status()
    return 0
