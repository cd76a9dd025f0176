"""The publishing job: it has the app's keys and runs no code of the repository; it checks bundles and pushes them, fenced."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.artifacts import Handoff, read_bundle, read_handoffs
from bot.adapters.clock import ServerClock
from bot.core.decisions.started_run import StartedRun
from bot.core.errors.user_errors import UserError
from bot.core.lifecycle.lease import Refused
from bot.core.runs.run import Bundle
from bot.entry.actions import runner_environment
from bot.entry.actions.unavailable import NoModel
from bot.entry.wiring import Wired, from_environment, wire
from bot.flows.jobs import take_in
from bot.ports import GitError, GitHubError

_ARTIFACT = "groundskeeper-bundle-"
"""With the run's name after it: what the workflow calls the artifact of that very run's job."""


def handed_in(bundles: Path, run: str) -> Path:
    """Only from the artifact of the run's own job, whatever files other jobs put into theirs."""
    return bundles / f"{_ARTIFACT}{run}" / f"{run}.json"


def publish(home: Path, *, runs: Path, bundles: Path) -> int:
    """The exit status: 0 when everything that was handed in has been dealt with. Asks for the next tick when something moved."""
    wired = wire(from_environment(home), model=NoModel(), carries_out=False, clock=ServerClock(), job=runner_environment.job())
    moved, failed, lines = 0, 0, []
    for handoff in read_handoffs(runs):
        run = handoff.started.holder.run
        bundle, why = _bundle(handed_in(bundles, run))
        try:
            result = take_in(wired.context, _own(wired, handoff), bundle)
        except (GitError, GitHubError, UserError) as error:
            failed += 1
            lines.append(f"{run}: not published, {error}")
            continue
        if isinstance(result, Refused):
            lines.append(f"{run}: not published, {result.reason}")
            continue
        moved += 1
        lines.append(f"{run}: {result.role.value} {result.ending.value}: {result.note}{why}")
    if moved:
        _tick_again(wired)
    runner_environment.say("Publish", lines)
    return 1 if failed else 0


def _own(wired: Wired, handoff: Handoff) -> StartedRun:
    if handoff.repository != wired.context.repository:
        raise UserError(f"it is of {handoff.repository}, not of {wired.context.repository}")
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
    place = f"actions/workflows/{runner_environment.workflow_file()}/dispatches"
    try:
        wired.worker.rest("POST", place, body={"ref": wired.context.default_branch, "inputs": {"command": "tick"}})
    except GitHubError as error:
        runner_environment.say("Next tick", [f"The next tick waits for the schedule: {error}"])
