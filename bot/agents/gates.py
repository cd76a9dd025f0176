"""Gates: which commands a repository is checked by when it does not say so itself, and what came of running them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.agents.run_ports import RunPorts
from bot.agents.tools import cut_middle, plain
from bot.core.runs.run import GateCommand, GateResult

ORDER = ("setup", "lint", "test", "build")
_KEPT = 6_000
_MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)


def detect_gates(files: Mapping[str, str]) -> tuple[GateCommand, ...]:
    """From the listing (path to content; content is needed for manifests only). One command a gate: a Makefile's own
    targets first, since they are how people there run things. No setup is guessed: the sandbox has no network."""
    found: dict[str, str] = {}
    for detect in (_make, _python, _node, _go, _cargo):
        for gate, command in detect(files).items():
            found.setdefault(gate, command)
    return tuple(GateCommand(gate=gate, command=found[gate]) for gate in ORDER if gate in found)


def _make(files: Mapping[str, str]) -> dict[str, str]:
    text = files.get("Makefile") or files.get("makefile") or ""
    targets = set(_MAKE_TARGET.findall(text))
    return {gate: f"make {gate}" for gate in ("lint", "test", "build") if gate in targets}


def _python(files: Mapping[str, str]) -> dict[str, str]:
    tool = _table(_toml(files.get("pyproject.toml", "")), "tool")
    tests = any(re.search(r"(^|/)tests?/.*\.py$|(^|/)test_[^/]*\.py$", path) for path in files)
    gates: dict[str, str] = {}
    if "ruff" in tool or "ruff.toml" in files or ".ruff.toml" in files:
        gates["lint"] = "ruff check ."
    if "pytest" in tool or "pytest.ini" in files or "[tool:pytest]" in files.get("setup.cfg", "") or "[pytest]" in files.get("tox.ini", ""):
        gates["test"] = "python3 -m pytest -q"
    elif tests and not any(name in files for name in ("package.json", "go.mod", "Cargo.toml")):
        uses_pytest = any("import pytest" in text for path, text in files.items() if path.endswith(".py"))
        gates["test"] = "python3 -m pytest -q" if uses_pytest else "python3 -m unittest discover"
    return gates


def _node(files: Mapping[str, str]) -> dict[str, str]:
    try:
        manifest = json.loads(files.get("package.json") or "{}")
    except ValueError:
        return {}
    scripts = _table(manifest, "scripts")
    real = {name for name, command in scripts.items() if isinstance(command, str) and "no test specified" not in command}
    return {gate: f"npm run --silent {gate}" for gate in ("lint", "test", "build") if gate in real}


def _go(files: Mapping[str, str]) -> dict[str, str]:
    return {"lint": "go vet ./...", "test": "go test ./...", "build": "go build ./..."} if "go.mod" in files else {}


def _cargo(files: Mapping[str, str]) -> dict[str, str]:
    return {"test": "cargo test --offline", "build": "cargo build --offline"} if "Cargo.toml" in files else {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(data: object, key: str) -> dict[str, Any]:
    inner = data.get(key) if isinstance(data, dict) else None
    return inner if isinstance(inner, dict) else {}


def in_order(gates: Sequence[GateCommand]) -> tuple[GateCommand, ...]:
    """Setup, lint, test, build, then others; those of one name as they were given."""
    return tuple(sorted(gates, key=lambda gate: ORDER.index(gate.gate) if gate.gate in ORDER else len(ORDER)))


def run_gates(
    gates: Sequence[GateCommand],
    ports: RunPorts,
    *,
    environment: Mapping[str, str],
    time_left: Callable[[], timedelta],
    say: Callable[[str], None],
) -> tuple[GateResult, ...]:
    """Up to and with the first that fails: what comes after it would only say the same again."""
    results: list[GateResult] = []
    for gate in in_order(gates):
        say(f"gate {gate.gate}: {gate.command}")
        outcome = ports.sandbox.run(
            ["bash", "-c", gate.command],
            workspace=ports.workspace.path,
            timeout=max(min(gate.timeout, time_left()), timedelta(seconds=1)),
            environment=environment,
            cancelled=ports.cancelled,
        )
        output = cut_middle(plain(outcome.output), _KEPT)
        if outcome.timed_out:
            output += "\n[killed: it ran longer than its time limit]"
        results.append(GateResult(gate=gate.gate, command=gate.command, passed=outcome.exit_code == 0, output=output))
        if outcome.exit_code != 0:
            break
    return tuple(results)
