"""The planning job: it has the app's keys, decides, writes to GitHub, and starts runs for the jobs that follow."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from bot.adapters.artifacts import Handoff, write_handoff
from bot.adapters.clock import ServerClock
from bot.core.decisions.started_run import StartedRun
from bot.core.errors.user_errors import UserError
from bot.entry.actions import runner_environment
from bot.entry.actions.unavailable import NoModel
from bot.entry.github_hosts import refuse_without_artifacts
from bot.entry.models import refuse_unpriced
from bot.entry.repairing import Asked, repair
from bot.entry.stop_options import start_selected, stop_selected
from bot.entry.wiring import Wired, from_environment, wire
from bot.flows import explaining
from bot.flows.jobs import plan_jobs, time_to_stay_awake
from bot.flows.ticking import report

_EVERYTHING = "all"
_MARGIN = 75
"""Minutes that a job may take beyond its run's own limit: to install, to fetch, to prepare the environment and judge the base."""


class Command(Enum):
    """What a person may ask for by `workflow_dispatch`; every other event asks for a tick."""

    TICK = "tick"
    START = "start"
    STOP = "stop"
    IDEATE = "ideate"
    WHY = "why"
    REPAIR = "repair"


def plan(home: Path, runs: Path) -> int:
    """The exit status: 0 unless nothing at all could be done. What was started is handed on in any case."""
    command = _command()
    clock = ServerClock()
    wired = wire(from_environment(home), model=NoModel(), carries_out=False, clock=clock, job=runner_environment.job())
    if command is Command.STOP:
        reason = os.environ.get("REASON") or "asked for on the workflow's page"
        runner_environment.say("Stop", stop_selected(wired.context, **_which(), by=runner_environment.actor(), reason=reason))
        return _handed_on(wired, (), runs)
    if command is Command.WHY:
        runner_environment.say("Why", list(explaining.why(wired.context, _project())))
        return _handed_on(wired, (), runs)
    if command is Command.REPAIR:
        runner_environment.say("Repair", _repaired(wired, runner_environment.actor()))
        return _handed_on(wired, (), runs)
    if command is Command.START:
        runner_environment.say("Start", start_selected(wired.context, **_which(), by=runner_environment.actor()))
    refuse_unpriced(wired.context.policy)
    refuse_without_artifacts(runner_environment.server())
    planned = plan_jobs(wired.context, ideate=command is Command.IDEATE)
    lines = [line for done in planned.ticks for line in report(done)] + ([planned.error] if planned.error else [])
    runner_environment.say("Plan", list(dict.fromkeys(lines)))
    _handed_on(wired, planned.started, runs)  # before anything that may fail: what is not handed on counts as spent
    _stay_awake(wired, clock)
    return 1 if planned.error and not planned.ticks else 0


def _repaired(wired: Wired, actor: str) -> list[str]:
    """Without a `project` only shown. Whoever may write can start the workflow, and could else bless what they wrote: so it takes more."""
    asked = (os.environ.get("PROJECT") or "").strip()
    if asked and wired.worker.rest("GET", f"collaborators/{quote(actor, safe='')}/permission")["permission"] != "admin":
        raise UserError(f"`repair` signs what stands there, and @{actor} does not administer the repository; nothing was changed.")
    lines: list[str] = []
    which = Asked(everything=True) if asked == _EVERYTHING else Asked(number=_project() if asked else None)
    repair(wired, which, say=lines.append, agreed=lambda _: True)
    return lines


def _project() -> int:
    asked = (os.environ.get("PROJECT") or "").strip().removeprefix("#")
    if not (asked.isascii() and asked.isdigit()):
        raise UserError(f"`{_command().value}` needs the number of an issue as `project`, as in 42; it has `{asked}`.")
    return int(asked)


def _which() -> dict[str, str | None]:
    return {"agent": os.environ.get("AGENT"), "category": os.environ.get("CATEGORY")}


def _command() -> Command:
    asked = os.environ.get("COMMAND") or Command.TICK.value
    try:
        return Command(asked)
    except ValueError:
        known = ", ".join(command.value for command in Command)
        raise UserError(f"`{asked}` is no command of the workflow; known: {known}.") from None


def _handed_on(wired: Wired, started: tuple[StartedRun, ...], runs: Path) -> int:
    context = wired.context
    for one in started:
        write_handoff(runs, Handoff(repository=context.repository, default_branch=context.default_branch, started=one))
    entries = [
        {
            "run": one.holder.run,
            "agent": one.start.agent,
            "role": one.start.role.value,
            "project": one.start.number,
            "minutes": int(one.start.grant.time.total_seconds() // 60) + _MARGIN,
        }
        for one in started
    ]
    runner_environment.output("matrix", json.dumps({"include": entries}) if entries else "")
    runner_environment.output("agents", str(context.policy.agents))
    return 0


def _stay_awake(wired: Wired, clock: ServerClock) -> None:
    """https://docs.github.com/rest/actions/workflows#enable-a-workflow"""
    if os.environ.get("GITHUB_EVENT_NAME") == "schedule" and time_to_stay_awake(clock.now()):
        wired.worker.rest("PUT", f"actions/workflows/{runner_environment.workflow_file()}/enable")
