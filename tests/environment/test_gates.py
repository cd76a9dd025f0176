"""Which commands a repository is checked by when it does not say."""

from __future__ import annotations

import pytest

from bot.core.environment.detection import detect
from bot.core.environment.facts import Tree
from bot.core.environment.gates import detect_gates


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"README.md": ""}, {}),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n[tool.ruff]\n"}, {"lint": "ruff check .", "test": "python3 -m pytest -q"}),
        ({"setup.cfg": "[tool:pytest]\n"}, {"test": "python3 -m pytest -q"}),
        ({"tests/test_a.py": "import pytest\n"}, {"test": "python3 -m pytest -q"}),
        ({"tests/test_a.py": "import unittest\n"}, {"test": "python3 -m unittest discover"}),
        ({"pyproject.toml": "not = [toml"}, {}),
        (
            {"package.json": '{"scripts": {"test": "vitest", "build": "tsc", "start": "x"}}'},
            {"test": "npm run --silent test", "build": "npm run --silent build"},
        ),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, {}),
        ({"package.json": "[1"}, {}),
        ({"go.mod": "module x"}, {"lint": "go vet ./...", "test": "go test ./...", "build": "go build ./..."}),
        ({"Cargo.toml": ""}, {"test": "cargo test --offline", "build": "cargo build --offline"}),
        ({"Makefile": "test: deps\n\tpytest\nlint:\n\truff\nrelease:\n\nbuild := x\n"}, {"lint": "make lint", "test": "make test"}),
        (
            {"Makefile": "test:\n\tx\n", "pyproject.toml": "[tool.ruff]\n[tool.pytest]\n"},
            {"lint": "ruff check .", "test": "make test"},
        ),
    ],
)
def test_gates_are_detected_from_what_the_repository_holds(files: dict[str, str], found: dict[str, str]) -> None:
    tree = Tree(paths=frozenset(files), contents=files)
    gates = detect_gates(tree, detect(tree))

    assert {gate.gate: gate.command for gate in gates} == found
    assert [gate.gate for gate in gates] == [name for name in ("lint", "test", "build") if name in found]
