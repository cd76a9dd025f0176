"""What happens, on a terminal: one line an event, made from what was observed."""

from __future__ import annotations

import re

from rich.console import Console

from bot.agents.run_ports import Progress
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.record import Run
from bot.core.lifecycle.lease import Refused
from bot.core.money.pricing import dollars
from bot.flows.fleet import Watcher
from bot.flows.ticking import Tick

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_COMMAND = re.compile(r"^(\W*?):(?=:)|##(?=\[)")
_UNSEEN = "\u200b"


def told(text: str) -> str:
    """One line that no terminal and no runner obeys, since models and strangers have a say in it.

    A runner takes for commands what begins with `::`, and `##[` wherever it stands:
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands and actions/runner, src/Runner.Common/ActionCommand.cs
    """
    return _COMMAND.sub(lambda found: f"{found[0]}{_UNSEEN}", _CONTROL.sub(" ", text))


def printer(console: Console | None = None) -> Watcher:
    out = console or Console(highlight=False)
    last: dict[str, str] = {}

    def say(who: str, text: str, style: str = "") -> None:
        out.print(f"{who:>12}  ", told(text), style=style, markup=False, sep="", soft_wrap=True)

    def ticked(done: Tick) -> None:
        for one in done.applied:
            say("bot", one.summary, "" if one.done else "yellow")
        for number, status in sorted(done.plan.statuses.items()):
            words = f"{status.phase.value}: {status.reason}"
            if last.get(str(number)) != words:
                last[str(number)] = words
                say(f"project {number}", words, "bold")
        idle = done.plan.idle.reason if done.plan.idle else ""
        if idle and last.get("idle") != idle:
            say("idle", idle, "dim")
        last["idle"] = idle
        if done.deferred:
            say("waiting", done.deferred, "yellow")

    def progress(started: StartedRun, now: Progress) -> None:
        say(f"agent {started.start.agent}", f"{started.start.role.value} {now.step}/{now.steps} {dollars(now.spent)}  {now.doing}", "dim")

    def handed_in(started: StartedRun, result: Run | Refused) -> None:
        who = f"agent {started.start.agent}"
        if isinstance(result, Refused):
            say(who, f"{started.start.role.value} was not published: {result.reason}", "red")
        else:
            say(
                who,
                f"{result.role.value} {result.ending.value}, {dollars(result.spent)} in {result.requests} requests: {result.note}",
                "green",
            )

    return Watcher(ticked=ticked, progress=progress, handed_in=handed_in, error=lambda text: say("error", text, "red"))
