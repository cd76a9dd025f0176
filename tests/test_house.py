"""The house keeps its own rules: rooms, sizes, words, and a README that is true."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from bot.core.lifecycle.phase import MOVES
from bot.entry.texts import load_prompts
from bot.hub import app
from bot.hub.graphql import schema

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for path in (ROOT / "bot").rglob("*.py") if "garden" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
_LONGEST = 300
_BUILTINS_THAT_REACH_OUTSIDE = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "globals", "__import__"}
_BANNED_WORDS = ("util", "utils", "helper", "helpers", "manager", "misc")


def test_imports_point_the_right_way() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def _modules_imported(path: Path, known: Set[str]) -> set[str]:
    """Every module of the bot that this one names in an import, wherever that stands: in a function and under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & known or {str(node.module)} & known
    return found


def _circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The modules of each circle: what is left when all that nobody imports or that imports nothing is taken away, again and again."""
    left = {name: set(targets) for name, targets in graph.items()}
    while ends := {name for name, targets in left.items() if not targets} | (left.keys() - set().union(*left.values())):
        left = {name: targets - ends for name, targets in left.items() if name not in ends}
    reach = {name: _reached(left, name) for name in left}
    return [list(circle) for circle in sorted({tuple(sorted(b for b in reach[a] if a in reach[b])) for a in left}) if circle]


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        if (name := ahead.pop()) not in found:
            found.add(name)
            ahead.extend(graph[name])
    return found


def test_nothing_imports_in_a_circle() -> None:
    """import-linter orders rooms; within a room, this says that one can be read before the other."""
    by_name = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    graph = {name: _modules_imported(path, by_name.keys()) for name, path in by_name.items()}

    assert graph["bot.entry.cli"], "imports are seen"
    assert _circles(graph) == []


def test_a_circle_of_imports_is_seen() -> None:
    graph = {"top": {"a"}, "a": {"b"}, "b": {"c", "end"}, "c": {"a"}, "end": set(), "x": {"y"}, "y": {"x"}, "alone": set()}

    assert _circles(graph) == [["a", "b", "c"], ["x", "y"]]


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


def _modules_that_define(name: str, room: str) -> set[str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if path.is_relative_to(ROOT / "bot/hub" / room) and re.search(rf"^{name}\b.* = ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_no_route_and_no_resolver_of_the_embedded_github_is_left_out() -> None:
    assert {module.__name__ for module in (*app.API, *app.ROOT)} == _modules_that_define("routes", "")
    assert {module.__name__ for module in schema.MODULES} == _modules_that_define("FIELDS", "graphql")


ROOMS = sorted({path.parent.relative_to(ROOT / "bot") for path in MODULES})


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_each_room_says_in_one_sentence_what_it_is(room: Path) -> None:
    door = ast.parse((ROOT / "bot" / room / "__init__.py").read_text(encoding="utf-8"))

    assert re.fullmatch(r"[A-Z][^\n]+\.", ast.get_docstring(door) or "")


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


def test_every_wall_that_security_names_has_its_test() -> None:
    rows = re.findall(r"^\|(.+)\|$", (ROOT / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE)[2:]

    assert len(rows) > 20
    for row in rows:
        named = re.search(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        assert f"def {named[2]}(" in (ROOT / named[1]).read_text(encoding="utf-8"), row
