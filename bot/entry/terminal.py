"""What happens, on a terminal: what was observed, with its time, its issue and its link, for reading at any width."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import IntEnum

from rich.console import Console
from rich.text import Text

from bot.agents.run_ports import Progress
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.project import Project
from bot.core.facts.record import Run
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.phase import Phase
from bot.core.money.pricing import dollars
from bot.core.runs.run import Ending
from bot.flows.fleet import Watcher
from bot.flows.ticking import Tick

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_COMMAND = re.compile(r"^(\W*?):(?=:)|##(?=\[)")
_UNSEEN = "\u200b"
_BELOW = " " * len("12:00:00  ")


class Verbosity(IntEnum):
    QUIET = -1
    """Only what went wrong, and what waits for a person."""
    NORMAL = 0
    VERBOSE = 1
    """Every look at GitHub too, and the ids of runs."""


def told(text: str) -> str:
    """One line that no terminal and no runner obeys, since models and strangers have a say in it.

    A runner takes for commands what begins with `::`, and `##[` wherever it stands:
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and actions/runner, src/Runner.Common/ActionCommand.cs
    """
    return _COMMAND.sub(lambda found: f"{found[0]}{_UNSEEN}", _CONTROL.sub(" ", text))


def say(console: Console, prefix: str, line: str, *, hang: int = 0, style: str = "") -> None:
    """Wrapped to a terminal's width, below the words and `hang` further; whole into a file or a pipe, where programs read.

    An address is never cut, so that it can be clicked and copied.
    """
    text = Text(line, style=style)
    width = max(20, console.width - len(prefix) - hang)
    if not console.is_terminal or any("://" in word and len(word) > width for word in line.split()):
        console.print(Text(prefix) + text, soft_wrap=True)
        return
    wrapped = list(text.wrap(console, width)) or [Text("")]
    for one in wrapped:
        one.rstrip()
    first, *rest = wrapped
    console.print(Text(prefix) + first, soft_wrap=True)
    for one in rest:
        console.print(Text(" " * (len(prefix) + hang)) + one, soft_wrap=True)


def say_all(lines: Iterable[str]) -> None:
    """Lines for people; what one begins with, spaces and a sign, stays free below it."""
    out = Console(highlight=False)
    for line in lines:
        prefix = line[: len(line) - len(line.lstrip(" "))]
        say(out, prefix, line.removeprefix(prefix), hang=2)


@dataclass(kw_only=True)
class Report:
    """`watcher` is told what happens, and it is printed; `at_work` names the runs under way."""

    console: Console
    now: Callable[[], datetime]
    web: str | None
    verbosity: Verbosity
    watcher: Watcher = field(init=False)
    _last: dict[int | str, str] = field(default_factory=dict)
    _titles: dict[int, str] = field(default_factory=dict)
    _running: dict[str, StartedRun] = field(default_factory=dict)
    _day: date | None = None

    def __post_init__(self) -> None:
        self.watcher = Watcher(ticked=self._ticked, progress=self._progress, handed_in=self._handed_in, error=self._error)

    def at_work(self) -> list[str]:
        return [f"agent {one.start.agent} ({_task(one)})" for one in list(self._running.values())]

    def _say(self, who: str, text: str, style: str = "", *, least: Verbosity = Verbosity.NORMAL) -> None:
        if self.verbosity < least:
            return
        now = self.now()
        if self._day != now.date():
            self._day = now.date()
            say(self.console, "", f"{now:%Y-%m-%d}, times in UTC" + (f", {self.web}" if self.web else ""), style="dim")
        say(self.console, f"{now:%H:%M:%S}  ", f"{who:<8} {told(text)}", style=style)

    def _ticked(self, done: Tick) -> None:
        for started in done.started:
            self._running[started.holder.run] = started
        for project in done.snapshot.projects:
            self._titles[project.number] = told(project.issue.title)
        self._say("bot", f"looked: {len(done.snapshot.projects)} projects, {len(done.applied)} effects", "dim", least=Verbosity.VERBOSE)
        for one in done.applied:
            self._say("bot", one.summary, "" if one.done else "yellow", least=Verbosity.NORMAL if one.done else Verbosity.QUIET)
        projects = {project.number: project for project in done.snapshot.projects}
        for number, status in sorted(done.plan.statuses.items()):
            least = Verbosity.QUIET if status.phase is Phase.NEEDS_HUMAN else Verbosity.NORMAL
            if self._changed(number, f"{status.phase.value}: {status.reason}"):
                self._about(projects.get(number), least)
                self._say(f"#{number}", f"{status.phase.value}: {status.reason}", "bold", least=least)
        idle = done.plan.idle.reason if done.plan.idle else ""
        if self._changed("idle", idle) and idle:
            self._say("idle", idle, "dim")
        if done.deferred:
            self._say("waiting", done.deferred, "yellow")
        for notice in done.notices:
            if self._changed(notice, notice):
                self._say("note", notice, "yellow", least=Verbosity.QUIET)

    def _about(self, project: Project | None, least: Verbosity) -> None:
        """Title and addresses, once each: the issue's at first, the pull request's when there is one."""
        if project is None:
            return
        if self._changed(f"issue {project.number}", project.issue.title):
            self._say(f"#{project.number}", project.issue.title, least=least)
            self._address("issues", project.number, least)
        pull = current_pull(project)
        if pull is not None and self._changed(f"pull of {project.number}", str(pull.number)):
            self._say(f"#{project.number}", f"has pull request #{pull.number}", least=least)
            self._address("pull", pull.number, least)

    def _address(self, kind: str, number: int, least: Verbosity) -> None:
        """On a line of its own, so that it is whole also where lines are short."""
        if self.web is not None and self.verbosity >= least:
            say(self.console, _BELOW, f"{self.web}/{kind}/{number}", style="dim")

    def _changed(self, what: int | str, words: str) -> bool:
        before, self._last[what] = self._last.get(what), words
        return before != words

    def _progress(self, started: StartedRun, now: Progress) -> None:
        words = f"{_task(started)}, step {now.step} of {now.steps}, {dollars(now.spent)}: {now.doing}"
        self._say(f"agent {started.start.agent}", words, "dim")

    def _handed_in(self, started: StartedRun, result: Run | Refused) -> None:
        self._running.pop(started.holder.run, None)
        who, task = f"agent {started.start.agent}", _task(started, title=self._titles.get(started.start.number, ""))
        run = f" (run {started.holder.run})" if self.verbosity >= Verbosity.VERBOSE else ""
        if isinstance(result, Refused):
            self._say(who, f"{task} was not published: {result.reason}{run}", "red", least=Verbosity.QUIET)
            return
        cost = f"{dollars(result.spent)} in {result.requests} model requests"
        failed = result.ending is Ending.FAILED
        least = Verbosity.QUIET if failed else Verbosity.NORMAL
        self._say(who, f"{task} {result.ending.value}, {cost}: {result.note}{run}", "red" if failed else "green", least=least)

    def _error(self, text: str) -> None:
        self._say("error", text, "red", least=Verbosity.QUIET)


def _task(started: StartedRun, *, title: str = "") -> str:
    number, role = started.start.number, started.start.role.value
    return f"{role} of #{number}{f' “{title}”' if title else ''}" if number > 0 else role


def report(
    console: Console | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    web: str | None = None,
    verbosity: Verbosity = Verbosity.NORMAL,
) -> Report:
    """`web` is the repository's own page, from which the addresses of its issues follow."""
    return Report(console=console or Console(highlight=False), now=now, web=web, verbosity=verbosity)
