"""Local workers: one process ticks, and up to ten threads carry out the runs that ticks start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from bot.agents.run_ports import Progress
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.record import Run
from bot.core.lifecycle.lease import Refused
from bot.flows.context import Context
from bot.flows.publishing import publish
from bot.flows.running import carry_out
from bot.flows.ticking import Tick, tick
from bot.flows.writer_lock import release_writer_lock
from bot.ports import GitError, GitHubError

_LONGEST_REST = timedelta(minutes=10)
"""Somebody may have given the bot another credential, or GitHub another time."""
_NOTICED = timedelta(milliseconds=250)
"""How soon it is noticed, beside runs under way, that this process is to stop."""
_MAY_HAND_IN = timedelta(seconds=60)
"""Agents end within 30 seconds; then their work is checked and pushed."""


class Interrupted(Exception):
    """This process was told to stop, and did; `left` are runs that did not hand in in time. Their leases end by themselves."""

    def __init__(self, left: tuple[StartedRun, ...]) -> None:
        super().__init__(f"{len(left)} runs left unfinished")
        self.left = left


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """Who is told what happens, for a terminal or a log; all default to nobody."""

    ticked: Callable[[Tick], None] = lambda _: None
    progress: Callable[[StartedRun, Progress], None] = lambda *_: None
    handed_in: Callable[[StartedRun, Run | Refused], None] = lambda *_: None
    error: Callable[[str], None] = lambda _: None


def work(
    context: Context, started: StartedRun, watcher: Watcher = Watcher(), interrupted: Callable[[], str | None] = lambda: None
) -> Run | Refused:
    """One run from its brief to its published, or refused, result."""
    bundle = carry_out(context, started, lambda progress: watcher.progress(started, progress), interrupted=interrupted)
    handed_in = publish(context, started, bundle)
    watcher.handed_in(started, handed_in)
    return handed_in


def keep_working(
    context: Context,
    *,
    until: Callable[[Tick], bool],
    watcher: Watcher = Watcher(),
    poll: timedelta = timedelta(seconds=15),
    between: Callable[[], None] = lambda: None,
    interrupted: Callable[[], str | None] = lambda: None,
) -> Tick:
    """Ticks and works until `until(tick)` says that it is enough and no run is under way; returns the last tick.

    A tick follows at once on anything that changed something, otherwise after `poll`, or sooner when a run ends. While GitHub limits
    the bot none follows before it may come again. Once `interrupted()` says why, or a wait of the clock ends with KeyboardInterrupt,
    runs hand in what they have, the writer lock is released, and `Interrupted` is raised.
    """
    pool = ThreadPoolExecutor(max_workers=context.policy.agents, thread_name_prefix="agent")
    running: dict[Future[Run | Refused], StartedRun] = {}
    try:
        while interrupted() is None:
            idle = not running  # a run that ends while the tick looks is in what it saw as it was before
            done = _one_tick(context, watcher)
            if isinstance(done, Tick):
                running |= {pool.submit(work, context, started, watcher, interrupted): started for started in done.started}
            _collect(running, watcher)
            if isinstance(done, Tick) and idle and not running and not done.moved and until(done):
                release_writer_lock(context)
                return done
            between()
            if isinstance(done, timedelta):
                _rest(context, running, max(poll, done), interrupted)
            elif not done.moved:
                _rest(context, running, poll, interrupted)
    except KeyboardInterrupt:
        if interrupted() is None:
            raise
    finally:
        pool.shutdown(wait=interrupted() is None)
    wait(running, timeout=_MAY_HAND_IN.total_seconds())
    _collect(running, watcher)
    release_writer_lock(context)
    raise Interrupted(tuple(running.values()))


def _one_tick(context: Context, watcher: Watcher) -> Tick | timedelta:
    """The tick, or for how long none makes sense."""
    try:
        done = tick(context)
    except (GitError, GitHubError) as error:
        watcher.error(f"This tick failed and nothing was done: {error}")
        until = error.resume_at if isinstance(error, GitHubError) else None
        return min(_LONGEST_REST, until - context.clock.now()) if until is not None else timedelta()
    watcher.ticked(done)
    return done


def _collect(running: dict[Future[Run | Refused], StartedRun], watcher: Watcher) -> None:
    for future in [future for future in running if future.done()]:
        del running[future]
        error = future.exception()
        if error is not None:
            watcher.error(f"A run broke, its lease will end by itself: {type(error).__name__}: {error}")


def _rest(
    context: Context, running: Mapping[Future[Run | Refused], StartedRun], poll: timedelta, interrupted: Callable[[], str | None]
) -> None:
    if not running:
        context.clock.wait(poll)
        return
    while poll > timedelta() and interrupted() is None:
        if wait(running, timeout=min(poll, _NOTICED).total_seconds(), return_when=FIRST_COMPLETED).done:
            return
        poll -= _NOTICED
