"""The house keeps its own rules: rooms, sizes, words, and a README that is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from bot.core.phase import MOVES

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for path in (ROOT / "bot").rglob("*.py") if "garden" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
_LONGEST = 300
_BANNED_WORDS = ("util", "utils", "helper", "helpers", "manager", "misc")


def test_imports_point_the_right_way() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= _LONGEST
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence on what it is for"
    assert not set(path.stem.split("_")) & set(_BANNED_WORDS)


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", sorted((ROOT / "bot/core").glob("*.py")), ids=lambda path: path.stem)
def test_the_core_is_pure(path: Path) -> None:
    banned = {"open", "print", "input", "datetime.now", "datetime.today", "datetime.utcnow", "date.today"}

    assert not banned & set(_calls(path))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_mocks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"^\s*(from unittest import mock|from unittest\.mock|import unittest\.mock)", text, re.MULTILINE)


def test_the_readme_names_only_commands_that_exist() -> None:
    readme, makefile = (ROOT / "README.md").read_text(encoding="utf-8"), (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z-]+)", readme))

    assert {"demo", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    first_screen = "\n".join(readme.splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_the_readmes_diagram_is_made_from_the_moves() -> None:
    """To mend it: `python -m tests.test_house`."""
    assert diagram() in (ROOT / "README.md").read_text(encoding="utf-8")


def diagram() -> str:
    """The main road only: parked phases can be reached from everywhere and would hide it."""
    parked = {"blocked", "paused", "needs-human", "cancelled"}
    lines = [
        f"    {move.before.value} --> {move.after.value}: {move.reason}"
        for move in MOVES
        if not {move.before.value, move.after.value} & parked and move.reason != "merged by a person" and move.before.value != "done"
    ]
    return "```mermaid\nstateDiagram-v2\n" + "\n".join(lines) + "\n```"


if __name__ == "__main__":
    file = ROOT / "README.md"
    file.write_text(re.sub(r"```mermaid\n.*?\n```", lambda _: diagram(), file.read_text(encoding="utf-8"), count=1, flags=re.DOTALL), encoding="utf-8")
