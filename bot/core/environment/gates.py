"""Gates: which commands a repository is checked by when it does not say so itself, in the environment that was prepared for it."""

from __future__ import annotations

import re

from bot.core.environment.facts import Environment, Tree
from bot.core.environment.python import PYTHON, VENV, compiled, tests_use_pytest
from bot.core.environment.reading import json_object, table, toml
from bot.core.runs.run import GateCommand

ORDER = ("setup", "lint", "test", "build")
_MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)


def detect_gates(tree: Tree, environment: Environment) -> tuple[GateCommand, ...]:
    """One command a gate: a Makefile's own targets first, since they are how people there run things. They use what was prepared."""
    found: dict[str, str] = {}
    own_python = f"{VENV}/bin" in environment.path
    for detected in (_make(tree), _python(tree, own_python), _node(tree), _go(tree), _cargo(tree), _others(tree), _native(tree)):
        for gate, command in detected.items():
            found.setdefault(gate, command)
    return tuple(GateCommand(gate=gate, command=found[gate]) for gate in ORDER if gate in found)


def _make(tree: Tree) -> dict[str, str]:
    if tree.has("CMakeLists.txt") or tree.has("configure.ac"):
        return {}  # a Makefile there is made, or a wrapper that wants to be configured first
    targets = set(_MAKE_TARGET.findall(tree.text("Makefile")))
    return {gate: f"make {gate}" for gate in ("lint", "test", "build") if gate in targets}


def _python(tree: Tree, own: bool) -> dict[str, str]:
    python = PYTHON if own else "python3"
    tool = table(toml(tree.text("pyproject.toml")), "tool")
    tests = any(re.search(r"(^|/)tests?/.*\.py$|(^|/)test_[^/]*\.py$", path) for path in tree.paths)
    gates: dict[str, str] = {}
    if own and compiled(tree):
        gates["setup"] = "uv pip install --quiet --offline --no-build-isolation --no-deps --reinstall -e ."
    if ("ruff" in tool or tree.has("ruff.toml") or tree.has(".ruff.toml")) and (not own or _installs(tree, "ruff")):
        gates["lint"] = "ruff check ."
    if tests_use_pytest(tree):
        gates["test"] = f"{python} -m pytest -q"
    elif tests and not any(tree.has(name) for name in ("package.json", "go.mod", "Cargo.toml")):
        gates["test"] = f"{python} -m unittest discover"
    return gates


def _installs(tree: Tree, tool: str) -> bool:
    """Whether any manifest of the environment names it; a tool that is only configured is not there."""
    named = [text for path, text in tree.contents.items() if path.endswith((".lock", ".txt", ".in", ".toml", ".cfg"))]
    return any(re.search(rf"""(^|["'\s]){tool}(["'\s=<>~!;,\[]|$)(?!\.)""", re.sub(rf"(?m)^\[tool\.{tool}.*$", "", text)) for text in named)


def _node(tree: Tree) -> dict[str, str]:
    scripts = table(json_object(tree.text("package.json")), "scripts")
    real = {name for name, command in scripts.items() if isinstance(command, str) and "no test specified" not in command}
    return {gate: f"npm run --silent {gate}" for gate in ("lint", "test", "build") if gate in real}


def _go(tree: Tree) -> dict[str, str]:
    return {"lint": "go vet ./...", "test": "go test ./...", "build": "go build ./..."} if tree.has("go.mod") else {}


def _cargo(tree: Tree) -> dict[str, str]:
    return {"test": "cargo test --offline", "build": "cargo build --offline"} if tree.has("Cargo.toml") else {}


def _others(tree: Tree) -> dict[str, str]:
    if tree.has("Gemfile"):
        rspec, rake = any(path.startswith("spec/") for path in tree.paths), tree.has("Rakefile")
        return {"test": "bundle exec rspec" if rspec else "bundle exec rake test"} if rspec or rake else {}
    if tree.has("pom.xml"):
        return {"test": f"{'./mvnw' if tree.has('mvnw') else 'mvn'} -B -q --offline test"}
    if tree.has("build.gradle") or tree.has("build.gradle.kts"):
        return {"test": f"{'./gradlew' if tree.has('gradlew') else 'gradle'} --no-daemon --offline -q test"}
    return {}


def _native(tree: Tree) -> dict[str, str]:
    """In a folder of their own, since what a checkout holds of a build is never trusted to be of this commit."""
    folder = ".groundskeeper-build"
    if tree.has("CMakeLists.txt"):
        options = re.findall(r"(?i)\boption\s*\(\s*(\w*TEST(?:S|ING)?)\b", tree.text("CMakeLists.txt"))
        chosen = " ".join(f"-D{name}=ON" for name in dict.fromkeys(["BUILD_TESTING", *options]))
        built = f"cmake -S . -B {folder} {chosen} && cmake --build {folder} --parallel 2"
        return {"test": f"{built} && ctest --test-dir {folder} --output-on-failure"}
    if tree.has("meson.build"):
        return {"test": f"meson setup {folder} && meson test -C {folder} --print-errorlogs"}
    if tree.has("configure") or tree.has("configure.ac"):
        return {"test": f"{'' if tree.has('configure') else 'autoreconf -fi && '}./configure && make -j2 && make check"}
    return {}
