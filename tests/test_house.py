"""The house keeps its own rules: rooms, sizes, words, and a README that is true."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

from bot.core.lifecycle.phase import MOVES
from bot.entry.texts import load_prompts

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for path in (ROOT / "bot").rglob("*.py") if "garden" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ROOMS = sorted(str(path.parent.relative_to(ROOT)) for path in MODULES if path.name == "__init__.py")
_LONGEST = 300
_BUILTINS_THAT_REACH_OUTSIDE = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "globals", "__import__"}
_BANNED_WORDS = ("util", "utils", "helper", "helpers", "manager", "misc")


def test_imports_point_the_right_way() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside of functions and for types alone are counted, too. The embedded GitHub is not yet held to it."""
    graph = grimp.build_graph("bot", cache_dir=None)
    ours = {module for module in graph.modules if not module.startswith("bot.hub")}

    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) & ours for module in ours}).prepare()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    lines = text.count("\n")
    assert lines <= _LONGEST
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence on what it is for"
    assert not set(path.stem.split("_")) & set(_BANNED_WORDS)


def _named(tree: ast.AST) -> Iterator[str]:
    """Every name that is read, dotted where it is written so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield ast.unparse(node)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted((ROOT / "bot/core").rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_is_pure(path: Path) -> None:
    """What import-linter cannot see: built-ins that reach outside, the clock inside `datetime`, and paths that touch a disk."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not _BUILTINS_THAT_REACH_OUTSIDE & set(_named(tree))
    assert not [name for name in _named(tree) if re.fullmatch(r"(.*\.)?(datetime|date)\.(now|today|utcnow|fromtimestamp)", name)]
    assert not [name for name in _imported(tree) if name.startswith("pathlib") and name != "pathlib.PurePosixPath"]
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_mocks_or_sleeps(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not [name for name in _imported(tree) if name.startswith(("unittest.mock", "mock."))]
    assert not [name for name in _named(tree) if name in {"time.sleep", "asyncio.sleep", "sleep"}]


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_says_in_one_sentence_what_it_is(room: str) -> None:
    sentence = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""

    assert re.fullmatch(r"[A-Z][^\n]+\.", sentence)


@pytest.mark.parametrize("folder", ["prompts", "categories"])
def test_prompts_and_categories_go_into_the_wheel_where_the_bot_looks_for_them(folder: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["packages"] == ["bot"]
    assert wheel["force-include"][folder] == f"bot/{folder}"
    assert all(path.suffix == ".md" for path in (ROOT / folder).iterdir()), "only what the bot reads is shipped"
    assert set(load_prompts()) == {path.stem for path in (ROOT / "prompts").iterdir()}, "each prompt has a role that reads it"


def test_no_file_of_the_bot_that_is_not_code_is_left_out_of_git() -> None:
    """The wheel is built from what git knows; a template that is only on this disk would be missing from it."""
    listed = subprocess.run(
        ["git", "ls-files", "-o", "--exclude-standard", "-i", "bot"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert [name for name in listed.stdout.split() if "__pycache__" not in name] == []


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
    file.write_text(
        re.sub(r"```mermaid\n.*?\n```", lambda _: diagram(), file.read_text(encoding="utf-8"), count=1, flags=re.DOTALL), encoding="utf-8"
    )
