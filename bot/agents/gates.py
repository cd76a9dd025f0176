"""Running gates, and what came of them: on the work as it would be published, and on the base before any work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from bot.agents.review import READING
from bot.agents.tools import cut_middle, plain
from bot.core.environment.gates import ORDER
from bot.core.runs.run import GateCommand, GateResult
from bot.ports import Sandbox

_KEPT = 6_000


def in_order(gates: Sequence[GateCommand]) -> tuple[GateCommand, ...]:
    """Setup, lint, test, build, then others; those of one name as they were given."""
    return tuple(sorted(gates, key=lambda gate: ORDER.index(gate.gate) if gate.gate in ORDER else len(ORDER)))


def run_gates(
    gates: Sequence[GateCommand],
    sandbox: Sandbox,
    checkout: Path,
    *,
    baseline: Sequence[GateResult] = (),
    paths: Sequence[str] = (),
    environment: Mapping[str, str],
    time_left: Callable[[], timedelta] = lambda: timedelta.max,
    cancelled: Callable[[], bool],
    say: Callable[[str], None],
) -> tuple[GateResult, ...]:
    """Up to and with the first that fails: what comes after it would only say the same again. One that the base fails as well is no
    end, unless its words there name a file that the work touches."""
    results: list[GateResult] = []
    for gate in in_order(gates):
        say(f"gate {gate.gate}: {gate.command}")
        outcome = sandbox.run(
            ["bash", "-c", gate.command],
            workspace=checkout,
            timeout=max(min(gate.timeout, time_left()), timedelta(seconds=1)),
            environment=environment,
            cancelled=cancelled,
        )
        output = cut_middle(plain(outcome.output), _KEPT)
        if outcome.timed_out:
            output += "\n[killed: it ran longer than its time limit]"
        passed = outcome.exit_code == 0
        known = not passed and _known(gate, baseline, paths)
        results.append(GateResult(gate=gate.gate, command=gate.command, passed=passed, output=output, known=known))
        if not passed and not known:
            break
    return tuple(results)


def _known(gate: GateCommand, baseline: Sequence[GateResult], paths: Sequence[str]) -> bool:
    before = next((one for one in baseline if (one.gate, one.command) == (gate.gate, gate.command) and not one.passed), None)
    return before is not None and not any(path in before.output for path in paths)


def run_baseline(
    gates: Sequence[GateCommand], sandbox: Sandbox, checkout: Path, *, cancelled: Callable[[], bool], say: Callable[[str], None]
) -> tuple[GateResult, ...]:
    """All of them, whatever came of those before: this is what later runs are compared with."""
    results: list[GateResult] = []
    for gate in in_order(gates):
        results += run_gates([gate], sandbox, checkout, environment=READING, cancelled=cancelled, say=say)
    return tuple(results)
