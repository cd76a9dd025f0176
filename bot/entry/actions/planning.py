"""The planning job: it has the app's keys, decides, writes to GitHub, and starts runs for the jobs that follow."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path

from bot.adapters.artifacts import Handoff, write_handoff
from bot.adapters.clock import ServerClock
from bot.core.started import Started
from bot.core.trouble import UserError
from bot.entry.actions import surroundings
from bot.entry.actions.absent import NoModel
from bot.entry.halting import go_on, halt
from bot.entry.models import refuse_unpriced
from bot.entry.wiring import Wired, from_environment, wire
from bot.flows import asking
from bot.flows.jobs import plan_jobs, time_to_stay_awake
from bot.flows.ticking import report

_MARGIN = 30
"""Minutes that a job may take beyond its run's own limit: to install, to fetch, to hand in."""


class Command(Enum):
    """What a person may ask for by `workflow_dispatch`; every other event asks for a tick."""

    TICK = "tick"
    START = "start"
    STOP = "stop"
    IDEATE = "ideate"
    WHY = "why"


def plan(home: Path, runs: Path) -> int:
    """The exit status: 0 unless nothing at all could be done. What was started is handed on in any case."""
    command = _command()
    clock = ServerClock()
    wired = wire(from_environment(home), model=NoModel(), carries_out=False, clock=clock, job=surroundings.job())
    if command is Command.STOP:
        reason = os.environ.get("REASON") or "asked for on the workflow's page"
        surroundings.say("Stop", halt(wired.means, **_which(), by=surroundings.actor(), reason=reason))
        return _handed_on(wired, (), runs)
    if command is Command.WHY:
        surroundings.say("Why", list(asking.why(wired.means, _project())))
        return _handed_on(wired, (), runs)
    if command is Command.START:
        surroundings.say("Start", go_on(wired.means, **_which(), by=surroundings.actor()))
    refuse_unpriced(wired.means.policy)
    planned = plan_jobs(wired.means, ideate=command is Command.IDEATE)
    lines = [line for done in planned.ticks for line in report(done)] + ([planned.trouble] if planned.trouble else [])
    surroundings.say("Plan", list(dict.fromkeys(lines)))
    _handed_on(wired, planned.started, runs)  # before anything that may fail: what is not handed on counts as spent
    _stay_awake(wired, clock)
    return 1 if planned.trouble and not planned.ticks else 0


def _project() -> int:
    asked = (os.environ.get("PROJECT") or "").strip().removeprefix("#")
    if not (asked.isascii() and asked.isdigit()):
        raise UserError(f"`why` needs the number of an issue as `project`, as in 42; it has `{asked}`.")
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


def _handed_on(wired: Wired, started: tuple[Started, ...], runs: Path) -> int:
    means = wired.means
    for one in started:
        write_handoff(runs, Handoff(repository=means.repository, default_branch=means.default_branch, started=one))
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
    surroundings.output("matrix", json.dumps({"include": entries}) if entries else "")
    surroundings.output("agents", str(means.policy.agents))
    return 0


def _stay_awake(wired: Wired, clock: ServerClock) -> None:
    """https://docs.github.com/rest/actions/workflows#enable-a-workflow"""
    if os.environ.get("GITHUB_EVENT_NAME") == "schedule" and time_to_stay_awake(clock.now()):
        wired.worker.rest("PUT", f"actions/workflows/{surroundings.workflow_file()}/enable")
