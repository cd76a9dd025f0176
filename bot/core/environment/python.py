"""What a Python project needs: an interpreter and a `.venv` of its own, filled by the tool whose lockfile is there."""

from __future__ import annotations

import configparser
import re
from dataclasses import replace
from typing import Any

from bot.core.environment.facts import Environment, Tree
from bot.core.environment.presets import hosts_of
from bot.core.environment.reading import for_tests, table, toml, words

VENV = ".venv"
PYTHON = f"{VENV}/bin/python"
MAKE_VENV = f"uv venv --quiet --seed --allow-existing {VENV}"
"""uv reads `.python-version` and `requires-python` itself."""
_REQUIREMENTS = re.compile(
    r"(requirements/)?(requirements([-_.](dev|test|tests|testing|develop))?|(dev|test|tests)[-_]requirements|dev|test|tests|testing)\.(txt|in)"
)
_PDM = "--with 'hishel<2' --with 'unearth<0.19' pdm"
"""pdm 2.29 leaves these unbounded, and does not start with the releases that came after it."""
_PLUGINS = {
    r"--cov\b": "pytest-cov",
    r"(?<!\S)-n[ =]?(auto|\d)|--numprocesses": "pytest-xdist",
    r"^\s*timeout\s*=|--timeout": "pytest-timeout",
    r"asyncio_mode": "pytest-asyncio",
    r"--benchmark": "pytest-benchmark",
}
"""Options of pytest that only a plugin knows; without it not one test starts."""


def python(tree: Tree) -> Environment | None:
    project = toml(tree.text("pyproject.toml"))
    common = Environment(network=hosts_of(["pypi"]), path=(f"{VENV}/bin",), variables={"VIRTUAL_ENV": f"/workspace/{VENV}"})
    if tree.has("uv.lock"):
        return _made(common, "uv.lock", (_uv(project),), files=("pyproject.toml", "uv.lock", ".python-version"))
    if tree.has("poetry.lock"):
        return _made(common, "poetry.lock", (MAKE_VENV, _poetry(project)), files=("pyproject.toml", "poetry.lock", ".python-version"))
    if tree.has("pdm.lock"):
        setup = (MAKE_VENV, f"uv tool run --quiet {_PDM} install --frozen-lockfile --no-isolation -G :all")
        return _made(common, "pdm.lock", setup, files=("pyproject.toml", "pdm.lock", ".python-version"))
    return _pip(tree, project, common)


def compiled(tree: Tree) -> bool:
    """Whether importing it needs a build, so that a change of its sources does, too."""
    if re.search(r"\b(ext_modules|cffi_modules|cythonize|Extension\()", tree.text("setup.py")):
        return True
    project = toml(tree.text("pyproject.toml"))
    backend = str(table(project, "build-system").get("build-backend", ""))
    return "ext-modules" in table(project, "tool", "setuptools") or backend in ("mesonpy", "maturin", "scikit_build_core.build")


def tests_use_pytest(tree: Tree) -> bool:
    project = toml(tree.text("pyproject.toml"))
    if "pytest" in table(project, "tool") or tree.has("pytest.ini"):
        return True
    if "[tool:pytest]" in tree.text("setup.cfg") or "[pytest]" in tree.text("tox.ini"):
        return True
    return any(re.search(r"^\s*(import|from) pytest\b", text, re.MULTILINE) for path, text in tree.contents.items() if path.endswith(".py"))


def _made(common: Environment, source: str, setup: tuple[str, ...], files: tuple[str, ...]) -> Environment:
    return replace(common, setup=setup, files=files, sources=(source,))


def _uv(project: dict[str, Any]) -> str:
    groups = for_tests(name for name in table(project, "dependency-groups") if name != "dev")
    extras = for_tests(table(project, "project", "optional-dependencies"))
    chosen = [f"--group {name}" for name in groups] + [f"--extra {name}" for name in extras]
    return " ".join(["uv sync --quiet --frozen", *chosen])


def _poetry(project: dict[str, Any]) -> str:
    groups = for_tests(table(project, "tool", "poetry", "group"))
    extras = for_tests({**table(project, "tool", "poetry", "extras"), **table(project, "project", "optional-dependencies")})
    chosen = ([f"--with {','.join(groups)}"] if groups else []) + [f"--extras {name}" for name in extras]
    return " ".join(["uv tool run --quiet poetry install --no-interaction --quiet", *chosen])


def _pip(tree: Tree, project: dict[str, Any], common: Environment) -> Environment | None:
    requirements = sorted(path for path in tree.paths if _REQUIREMENTS.fullmatch(path))
    # Compiled files and their sources say the same; the compiled ones are exact.
    requirements = [path for path in requirements if not (path.endswith(".in") and path.removesuffix(".in") + ".txt" in tree.paths)]
    if any("test" in path for path in requirements):
        # What development needs is more: tools of people, and now and then a release of the project itself.
        requirements = [path for path in requirements if not re.search(r"(^|[-_./])dev", path)]
    buildable = (
        bool(table(project, "project") or table(project, "build-system")) or tree.has("setup.py") or "[metadata]" in tree.text("setup.cfg")
    )
    if not requirements and not buildable:
        return None
    wanted = [f"-r {path}" for path in requirements]
    groups = for_tests(table(project, "dependency-groups"))
    wanted += [f"--group {name}" for name in groups]
    extras = for_tests(_extras(tree, project)) if buildable else ()
    declared = "\n".join([*(tree.text(path) for path in requirements), *_declared(project, groups, extras), *_legacy_extras(tree, extras)])
    tox = _tox(tree, requirements) if "pytest" not in declared else ()
    wanted += [_quoted(one) for one in tox]
    wanted += [_quoted(one) for one in _test_tools(tree, declared + " ".join(tox))]
    setup = [MAKE_VENV]
    own = f"-e '.[{','.join(extras)}]'" if extras else "-e ."
    if buildable and compiled(tree):
        needed = words(table(project, "build-system").get("requires")) or ("setuptools", "wheel")
        setup.append(" ".join(["uv pip install --quiet", *(_quoted(one) for one in needed)]))
        setup.append(" ".join(["uv pip install --quiet --no-build-isolation", own, *wanted]))
    else:
        setup.append(" ".join(["uv pip install --quiet", *([own] if buildable else []), *wanted]))
    manifests = [path for path in ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", ".python-version") if tree.has(path)]
    sources = (*requirements, *(path for path in ("pyproject.toml", "setup.py", "setup.cfg") if tree.has(path) and buildable))
    return replace(common, setup=tuple(setup), files=(*requirements, *manifests), sources=tuple(sources))


def _quoted(requirement: str) -> str:
    return "'" + requirement.replace("'", '"') + "'"


def _extras(tree: Tree, project: dict[str, Any]) -> list[str]:
    found = list(table(project, "project", "optional-dependencies"))
    config = _ini(tree.text("setup.cfg"))
    if config.has_section("options.extras_require"):
        found += list(config["options.extras_require"])
    keyword = re.search(r"extras_require\s*=\s*\{(.*?)\n?\s*\}\s*,?\s*\n", tree.text("setup.py"), re.DOTALL)
    return found + (re.findall(r"""["'](\w+)["']\s*:""", keyword[1]) if keyword else [])


def _declared(project: dict[str, Any], groups: tuple[str, ...], extras: tuple[str, ...]) -> list[str]:
    optional, grouped = table(project, "project", "optional-dependencies"), table(project, "dependency-groups")
    return [one for name in extras for one in words(optional.get(name))] + [one for name in groups for one in words(grouped.get(name))]


def _legacy_extras(tree: Tree, extras: tuple[str, ...]) -> list[str]:
    """Where extras stand in setup.cfg or setup.py, their text says enough: whether a test tool is named at all."""
    return [tree.text("setup.cfg"), tree.text("setup.py")] if extras else []


def _tox(tree: Tree, requirements: list[str]) -> tuple[str, ...]:
    """`deps` of `[testenv]`; lines under a condition are left out, and so are files that are installed already."""
    told = table(toml(tree.text("pyproject.toml")), "tool", "tox")
    config = _ini(tree.text("tox.ini") or str(told.get("legacy_tox_ini", "")))
    lines = list(words(table(told, "env_run_base").get("deps")))
    lines += config.get("testenv", "deps", fallback="").splitlines() if config.has_section("testenv") else []
    plain = (line.split("#")[0].strip() for line in lines)
    return tuple(line for line in plain if line and not re.search(r"[{}:]|^-", line) and line not in requirements)


def _test_tools(tree: Tree, declared: str) -> list[str]:
    """The runner that the tests import and nothing names, and the plugins that its options ask for."""
    if not tests_use_pytest(tree):
        return []
    options = _pytest_options(tree)
    plugins = [name for pattern, name in _PLUGINS.items() if re.search(pattern, options, re.MULTILINE) and name not in declared]
    return ([] if re.search(r"\bpytest\b(?!-)", declared) else ["pytest"]) + plugins


def _pytest_options(tree: Tree) -> str:
    told = table(toml(tree.text("pyproject.toml")), "tool", "pytest", "ini_options")
    lines = [f"{key} = {value}" for key, value in told.items()]
    for path, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        config = _ini(tree.text(path))
        if config.has_section(section):
            lines += [f"{key} = {value}" for key, value in config[section].items()]
    return "\n".join(lines)


def _ini(text: str) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        config.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return config
