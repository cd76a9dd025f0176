"""What the checks on a head say together. No checks is never green where some could have reported."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.facts.policy import REVIEW_CHECK, Policy
from bot.core.facts.project import CheckState, Project, Pull


@dataclass(frozen=True, kw_only=True)
class ChecksPassed:
    names: tuple[str, ...]
    red_on_base: tuple[str, ...] = ()
    """Failed here as there: nothing of the work is known by them."""


@dataclass(frozen=True, kw_only=True)
class ChecksFailed:
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChecksPending:
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChecksMissing:
    names: tuple[str, ...]


_WORSE = (CheckState.SUCCESS, CheckState.PENDING, CheckState.FAILURE)
Checks = ChecksPassed | ChecksFailed | ChecksPending | ChecksMissing


def red_on_base(project: Project, pull: Pull) -> tuple[str, ...]:
    """Checks that fail on the base, too, unless this failure names a file that the project touched."""
    there = {check.name for check in pull.base_checks if check.state is CheckState.FAILURE and check.name != REVIEW_CHECK}
    here = [check for check in pull.checks if check.state is CheckState.FAILURE and check.name in there]
    touched = {path for run in project.record.runs for path in run.paths}
    own = {check.name for check in here if any(path in check.summary for path in touched)}
    return tuple(sorted({check.name for check in here} - own))


def checks_on(pull: Pull, policy: Policy, excused: tuple[str, ...] = ()) -> Checks:
    """The named checks decide where some are named; otherwise all that reported. The bot's own verdict is not among them."""
    reported: dict[str, CheckState] = {}
    apps = dict(policy.check_apps)
    for check in pull.checks:
        if check.name != REVIEW_CHECK and apps.get(check.name, check.reporter) == check.reporter:
            # Of two that have one name, as a check and a status may, the worse one counts: else code under test could outvote its check.
            reported[check.name] = max(reported.get(check.name, check.state), check.state, key=_WORSE.index)
    relevant = {name: state for name, state in reported.items() if not policy.checks or name in policy.checks}
    failed = tuple(sorted(name for name, state in relevant.items() if state is CheckState.FAILURE and name not in excused))
    if failed:
        return ChecksFailed(names=failed)
    missing = tuple(name for name in policy.checks if name not in reported)
    if missing or (policy.checks_expected and not relevant):
        return ChecksMissing(names=missing)
    pending = tuple(sorted(name for name, state in relevant.items() if state is CheckState.PENDING))
    if pending:
        return ChecksPending(names=pending)
    red = tuple(name for name in excused if name in relevant)
    return ChecksPassed(names=tuple(sorted(relevant.keys() - set(red))), red_on_base=red)
