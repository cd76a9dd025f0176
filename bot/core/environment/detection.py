"""Reading a repository's environment off its own files, where its configuration leaves it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.core.environment import devcontainer, workflow_steps
from bot.core.environment.facts import Environment, Tree
from bot.core.environment.languages import OTHER_CI, bundler, cargo, debian, go, gradle, make, maven, node
from bot.core.environment.presets import hosts_of
from bot.core.environment.python import MAKE_VENV, VENV, python
from bot.core.environment.reading import combined
from bot.core.environment.tested_by import services_wanted

_LANGUAGES: tuple[Callable[[Tree], Environment | None], ...] = (debian, python, node, go, cargo, bundler, maven, gradle)
_ASKS = {
    "pypi": r"\b(pip|pip3|uv|uvx|poetry|pdm|pipx|pipenv|tox|nox|hatch)\b",
    "npm": r"\b(npm|npx|pnpm|yarn|bun|corepack)\b",
    "crates": r"\bcargo\b",
    "go": r"\bgo (mod|get|install|build|test|run)\b",
    "rubygems": r"\b(gem|bundle|bundler)\b",
    "maven": r"\b(mvn|mvnw|gradle|gradlew)\b",
    "debian": r"\bapt(-get)?\b",
}
"""Words in commands that people wrote, and the registries that they mean."""
_MANIFESTS = frozenset(
    {
        *workflow_steps.PATHS,
        *devcontainer.PATHS,
        *OTHER_CI,
        *("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "uv.lock", "poetry.lock", "pdm.lock", ".python-version"),
        *("package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "yarn.lock", "bun.lock"),
        *(".npmrc", ".yarnrc.yml", ".nvmrc", ".node-version", "go.mod", "go.sum", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"),
        *("rust-toolchain", "Gemfile", "Gemfile.lock", ".ruby-version", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle"),
        *("Makefile", "Aptfile", "debian/control", "CMakeLists.txt", "meson.build", "configure.ac", "configure", "ruff.toml", ".ruff.toml"),
    }
)
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_REQUIREMENTS = re.compile(r"([\w-]+/)?[\w.-]*(requirements|dev|test|tests|testing)[\w.-]*\.(txt|in)")
_TESTS_READ = 20


def wanted_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Of a listing, those whose contents detection reads."""
    listed = tuple(paths)
    tests = [path for path in listed if path.endswith(".py") and "test" in path][:_TESTS_READ]
    nested = [path for path in listed if path.rpartition("/")[2] in ("package.json", "Cargo.toml", "pom.xml")][:200]
    named = [path for path in listed if path in _MANIFESTS or _WORKFLOW.fullmatch(path) or _REQUIREMENTS.fullmatch(path)]
    return tuple(dict.fromkeys((*named, *nested, *tests)))


def detect(tree: Tree) -> Environment:
    """The first source that says how: setup steps for agents, a dev container, then lockfiles and manifests of all languages together."""
    own = [found for read in _LANGUAGES if (found := read(tree)) is not None]
    told = workflow_steps.workflow_steps(tree) or devcontainer.devcontainer(tree)
    if told is None:
        last = make(tree) if not own else None
        if last is not None:
            own = [replace(last, network=hosts_of(_registries([tree.text("Makefile")])))]
        return with_services(combined(own), tree)
    told = replace(told, network=hosts_of((*told.network, *_registries(told.setup))))
    if any(VENV in place for part in own for place in part.path) and VENV + "/bin" not in told.path:
        # Their `pip install` means an interpreter that is theirs to change, which the system's is not.
        venv = Environment(
            setup=(MAKE_VENV,), network=hosts_of(["pypi"]), path=(f"{VENV}/bin",), variables={"VIRTUAL_ENV": f"/workspace/{VENV}"}
        )
        told = combined((venv, told))
    seen = combined(Environment(network=part.network, files=part.files, path=part.path, variables=part.variables) for part in own)
    return with_services(combined((told, seen)), tree)


def with_services(environment: Environment, tree: Tree) -> Environment:
    known = {service.name for service in environment.services}
    return replace(environment, services=(*environment.services, *(one for one in services_wanted(tree) if one.name not in known)))


def _registries(commands: Iterable[str]) -> tuple[str, ...]:
    text = "\n".join(commands)
    return tuple(name for name, pattern in _ASKS.items() if re.search(pattern, text))
