"""What happens during a try: one line an event, and on a terminal below them what is being done right now, and what it cost so far."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from bot.agents.run_ports import Progress
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.record import Run
from bot.core.lifecycle.lease import Refused
from bot.core.money.pricing import ZERO, MicroUsd, dollars
from bot.entry.terminal import told
from bot.flows.fleet import Watcher

_STEPS_SHOWN = 5


@contextmanager
def watching(out: Console, lines: Watcher, cap: MicroUsd, *, scripted: bool) -> Iterator[Watcher]:
    """`lines` alone where nobody watches a terminal."""
    if not out.is_terminal:
        yield lines
        return
    now = _Now(cap=cap, scripted=scripted)
    with Live(now, console=out, refresh_per_second=8, transient=True):
        yield replace(lines, progress=now.progress, handed_in=lambda started, result: now.handed_in(lines, started, result))


@dataclass
class _Now:
    """Written by the thread of the run, drawn by that of the screen; each field is replaced whole."""

    cap: MicroUsd
    scripted: bool
    began: float = field(default_factory=time.monotonic)
    settled: MicroUsd = ZERO
    role: str = ""
    step: Progress | None = None
    doing: deque[str] = field(default_factory=lambda: deque(maxlen=_STEPS_SHOWN))
    spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def progress(self, started: StartedRun, now: Progress) -> None:
        self.role, self.step = started.start.role.value, now
        if not self.doing or self.doing[-1] != now.doing:
            self.doing.append(now.doing)

    def handed_in(self, lines: Watcher, started: StartedRun, result: Run | Refused) -> None:
        if isinstance(result, Run):
            self.settled = MicroUsd(self.settled + result.spent)
        self.step = None
        self.doing.clear()
        lines.handed_in(started, result)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        spent = MicroUsd(self.settled + (self.step.spent if self.step else ZERO))
        money = "scripted, nothing is spent" if self.scripted else f"{dollars(spent)} of {dollars(self.cap)}"
        at = f"{self.role} step {self.step.step} of {self.step.steps}" if self.step else "looking"
        self.spinner.update(text=Text(f" {at} · {money} · {minutes}:{seconds:02} · Ctrl-C ends it and keeps the work", style="bold"))
        width = options.max_width - 4
        yield Group(*(Text(f"   {told(each)[:width]}", style="dim") for each in tuple(self.doing)), self.spinner)
