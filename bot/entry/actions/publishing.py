"""The publishing job: it has the app's keys and runs no code of the repository; it checks bundles and pushes them, fenced."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.artifacts import Handoff, read_bundle, read_handoffs
from bot.adapters.clock import ServerClock
from bot.core.lease import Refused
from bot.core.run import Bundle
from bot.core.started import Started
from bot.core.trouble import UserError
from bot.entry.actions import surroundings
from bot.entry.actions.absent import NoModel
from bot.entry.wiring import Wired, from_environment, wire
from bot.flows.jobs import take_in
from bot.ports import GitHubTrouble, GitTrouble


def publish(home: Path, *, runs: Path, bundles: Path) -> int:
    """The exit status: 0 when everything that was handed in has been dealt with. Asks for the next tick when something moved."""
    wired = wire(from_environment(home), model=NoModel(), carries_out=False, clock=ServerClock(), job=surroundings.job())
    moved, failed, lines = 0, 0, []
    for handoff in read_handoffs(runs):
        run = handoff.started.holder.run
        bundle, why = _bundle(bundles / f"{run}.json")
        try:
            result = take_in(wired.means, _own(wired, handoff), bundle)
        except (GitTrouble, GitHubTrouble, UserError) as trouble:
            failed += 1
            lines.append(f"{run}: not published, {trouble}")
            continue
        if isinstance(result, Refused):
            lines.append(f"{run}: not published, {result.reason}")
            continue
        moved += 1
        lines.append(f"{run}: {result.role.value} {result.ending.value}: {result.note}{why}")
    if moved:
        _tick_again(wired)
    surroundings.say("Publish", lines)
    return 1 if failed else 0


def _own(wired: Wired, handoff: Handoff) -> Started:
    if handoff.repository != wired.means.repository:
        raise UserError(f"it is of {handoff.repository}, not of {wired.means.repository}")
    return handoff.started


def _bundle(path: Path) -> tuple[Bundle | None, str]:
    """What was handed back, or why nothing that can be read was."""
    if not path.exists():
        return None, ""
    try:
        return read_bundle(path), ""
    except UserError as error:
        return None, f" ({error})"


def _tick_again(wired: Wired) -> None:
    """https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event; the next schedule does it where this fails."""
    place = f"actions/workflows/{surroundings.workflow_file()}/dispatches"
    try:
        wired.worker.rest("POST", place, body={"ref": wired.means.default_branch, "inputs": {"command": "tick"}})
    except GitHubTrouble as trouble:
        surroundings.say("Next tick", [f"The next tick waits for the schedule: {trouble}"])
