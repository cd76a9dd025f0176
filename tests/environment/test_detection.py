"""What is read off a repository's own files, one row a kind of repository."""

from __future__ import annotations

import json

import pytest
import yaml

from bot.core.environment.configured import Wishes, configured
from bot.core.environment.detection import detect
from bot.core.environment.facts import Environment, Tree
from bot.core.environment.presets import PRESETS, allows

VENV = "uv venv --quiet --seed --allow-existing .venv"
CONTROL = """\
Source: x
Build-Depends: debhelper-compat (= 13), cmake (>= 3.1) | x, libcmocka-dev <!nocheck>,
 zlib1g-dev
Standards: 4
"""
CI = """\
jobs:
  t:
    services:
      db: {image: postgres}
      cache: {image: "redis:7"}
      other: {image: mysql}
    steps:
      - run: |
          sudo apt-get update
          sudo apt-get install -y \\
            libcmocka-dev ninja-build && ls
"""


def seen(files: dict[str, str]) -> Environment:
    parsed = {path: yaml.safe_load(text) for path, text in files.items() if path.endswith((".yml", ".yaml", "devcontainer.json"))}
    return detect(Tree(paths=frozenset(files), contents=files, parsed=parsed))


@pytest.mark.parametrize(
    ("files", "setup"),
    [
        ({"README.md": ""}, []),
        ({"uv.lock": "", "pyproject.toml": "[project]\nname='x'\n[dependency-groups]\ndev=['pytest']\n"}, ["uv sync --quiet --frozen"]),
        (
            {"uv.lock": "", "pyproject.toml": "[project.optional-dependencies]\ntest=['pytest']\n[dependency-groups]\ntests=['x']\n"},
            ["uv sync --quiet --frozen --group tests --extra test"],
        ),
        (
            {
                "poetry.lock": "",
                "pyproject.toml": "[tool.poetry.group.dev.dependencies]\npytest='*'\n[tool.poetry.group.docs.dependencies]\nx='1'\n",
            },
            [VENV, "uv tool run --quiet poetry install --no-interaction --quiet --with dev"],
        ),
        ({"requirements.txt": "flask\n"}, [VENV, "uv pip install --quiet -r requirements.txt"]),
        (
            {"requirements.txt": "flask", "requirements-dev.txt": "pytest==8.1\n", "tests/test_a.py": "import pytest\n"},
            [VENV, "uv pip install --quiet -r requirements-dev.txt -r requirements.txt"],
        ),
        (
            {"requirements.in": "flask", "requirements.txt": "flask==3", "tests/test_a.py": "import pytest\n"},
            [VENV, "uv pip install --quiet -r requirements.txt 'pytest'"],
        ),
        (
            {"pyproject.toml": "[project]\nname='x'\n[project.optional-dependencies]\ntest=['pytest>=8']\ndocs=['x']\n[tool.pytest]\n"},
            [VENV, "uv pip install --quiet -e '.[test]'"],
        ),
        (
            {"pyproject.toml": "[project]\nname='x'\n[dependency-groups]\ntests=['pytest']\n[tool.pytest.ini_options]\naddopts='--cov'\n"},
            [VENV, "uv pip install --quiet -e . --group tests 'pytest-cov'"],
        ),
        (
            {
                "setup.py": "setup()",
                "tox.ini": "[testenv]\ndeps =\n  pytest\n  mock; python_version<'3'\n  -rdev.txt\n  py27: x\n[pytest]\n",
            },
            [VENV, "uv pip install --quiet -e . 'pytest' 'mock; python_version<\"3\"'"],
        ),
        (
            {"setup.py": "ext_modules=[Extension('x', [])]", "pyproject.toml": "[build-system]\nrequires=['setuptools>=70']\n"},
            [VENV, "uv pip install --quiet 'setuptools>=70'", "uv pip install --quiet --no-build-isolation -e ."],
        ),
        ({"package.json": "{}"}, ["npm install --no-package-lock --no-audit --no-fund --loglevel=error"]),
        ({"package.json": "{}", "package-lock.json": "{}"}, ["npm ci --no-audit --no-fund --loglevel=error"]),
        (
            {"package.json": json.dumps({"packageManager": "pnpm@9.12.0+sha512.abc"}), "pnpm-lock.yaml": ""},
            [
                'npm install --global --prefix "$HOME/.local" --no-audit --no-fund --loglevel=error pnpm@9.12.0',
                "pnpm install --frozen-lockfile",
            ],
        ),
        (
            {"package.json": "{}", "yarn.lock": ""},
            [
                'npm install --global --prefix "$HOME/.local" --no-audit --no-fund --loglevel=error yarn@1',
                "yarn install --frozen-lockfile",
            ],
        ),
        ({"go.mod": "module x"}, ["go mod download", "go build ./... || true"]),
        ({"Cargo.toml": "", "Cargo.lock": ""}, ["cargo fetch --locked"]),
        ({"Gemfile": ""}, ["bundle install --quiet"]),
        ({"pom.xml": "", "mvnw": ""}, ["./mvnw -B -q dependency:go-offline", "./mvnw -B -q -DskipTests package"]),
        ({"build.gradle": "", "gradlew": ""}, ["./gradlew --no-daemon -q testClasses"]),
        ({"Makefile": "deps:\n\t./fetch\n"}, ["make deps"]),
        ({"Makefile": "deps:\n\t./fetch\n", "requirements.txt": ""}, [VENV, "uv pip install --quiet -r requirements.txt"]),
    ],
)
def test_setup_is_what_the_lockfile_or_manifest_means(files: dict[str, str], setup: list[str]) -> None:
    assert list(seen(files).setup) == setup


def test_two_languages_are_prepared_together() -> None:
    found = seen({"requirements.txt": "flask", "package.json": "{}", "package-lock.json": "{}"})

    assert found.setup == (VENV, "uv pip install --quiet -r requirements.txt", "npm ci --no-audit --no-fund --loglevel=error")
    assert found.network == (*PRESETS["pypi"], *PRESETS["npm"])
    assert found.path == (".venv/bin", "node_modules/.bin")


STEPS = """
on: workflow_dispatch
env: {COLOUR: green, TOKEN: "${{ secrets.TOKEN }}"}
jobs:
  copilot-setup-steps:
    runs-on: ubuntu-latest
    services:
      database: {image: "postgres:16", env: {POSTGRES_USER: gardener, POSTGRES_DB: pots}}
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with: {python-version: "3.12"}
      - uses: actions/setup-node@v5
      - uses: someone/magic@v1
      - name: Libraries
        run: sudo apt-get install -y libxml2-dev
      - run: pip install -r requirements.txt
        working-directory: server
        env: {PIP_QUIET: "1"}
      - name: Only there
        run: echo ${{ github.ref }}
"""


def test_setup_steps_for_agents_come_before_everything_else() -> None:
    found = seen({".github/workflows/copilot-setup-steps.yml": STEPS, "package.json": "{}", "requirements.txt": "x"})

    assert found.setup == (
        f"{VENV} --python '3.12'",
        "sudo apt-get install -y libxml2-dev",
        "export PIP_QUIET='1'\ncd 'server'\npip install -r requirements.txt",
    )
    assert found.tools == ("node", "npm")
    assert found.variables == {"COLOUR": "green", "VIRTUAL_ENV": "/workspace/.venv"}
    assert [service.name for service in found.services] == ["postgresql"]
    assert "gardener" in found.services[0].command
    assert {"pypi.org", "deb.debian.org", "registry.npmjs.org"} <= set(found.network)
    assert found.notes == (
        "The action someone/magic cannot be used in the sandbox and was left out.",
        "The step “Only there” depends on a workflow's expressions and was left out.",
    )


def test_a_dev_containers_commands_come_before_lockfiles() -> None:
    told = {
        "onCreateCommand": "make tools",
        "postCreateCommand": {"a": "npm ci", "b": ["pip", "install", "it's"]},
        "containerEnv": {"A": "1"},
    }
    found = seen({".devcontainer/devcontainer.json": json.dumps(told), "package.json": "{}", "package-lock.json": "{}"})

    assert found.setup == ("make tools", "npm ci", "'pip' 'install' 'it'\\''s'")
    assert found.variables == {"A": "1"}


@pytest.mark.parametrize(
    ("files", "packages"),
    [
        ({"Aptfile": "# ours\nlibxml2-dev\n\nlibpq-dev\n"}, ("libxml2-dev", "libpq-dev")),
        (
            {"debian/control": CONTROL},
            ("cmake", "libcmocka-dev", "zlib1g-dev"),
        ),
        (
            {"CMakeLists.txt": "", ".github/workflows/ci.yml": CI},
            ("libcmocka-dev", "ninja-build"),
        ),
        (
            {
                "CMakeLists.txt": "",
                ".circleci/config.yml": "jobs:\n  t:\n    steps:\n    - run: sudo apt-get install -y doxygen libcmocka-dev\n",
            },
            ("libcmocka-dev",),
        ),
        ({"README.md": "", ".github/workflows/ci.yml": "jobs:\n  t:\n    steps:\n    - run: apt-get install xvfb\n"}, ()),
    ],
)
def test_debians_packages_are_read_off_where_people_write_them(files: dict[str, str], packages: tuple[str, ...]) -> None:
    assert seen(files).packages == packages


def test_a_makefiles_recipe_says_which_registries_it_asks() -> None:
    found = seen({"Makefile": "deps:\n\tpip install -r needed\ntest:\n\tpython -m unittest\n"})

    assert found.setup == ("make deps",)
    assert found.network == PRESETS["pypi"]


def test_services_of_a_repositorys_own_ci_are_kept_beside_its_tests() -> None:

    assert [service.name for service in seen({".github/workflows/ci.yml": CI}).services] == ["postgresql", "redis"]


def test_what_the_configuration_says_replaces_its_own_part_and_nothing_else() -> None:
    detected = seen({"requirements.txt": "flask", "package.json": "{}"})

    wished = configured(detected, Wishes(setup=("./bootstrap",), network=("npm", "files.example.org")))

    assert wished.setup == ("./bootstrap",)
    assert wished.network == (*PRESETS["pypi"], *PRESETS["npm"], "files.example.org")
    assert wished.path == detected.path
    assert configured(detected, Wishes()) == detected


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("pypi.org", True),
        ("PyPI.org.", True),
        ("evil-pypi.org", False),
        ("pypi.org.evil.example", False),
        ("cdn.example.org", True),
        ("a.b.example.org", True),
        ("example.org", False),
        ("", False),
    ],
)
def test_hosts_are_allowed_by_name_and_not_by_how_they_look(host: str, allowed: bool) -> None:
    assert allows(("pypi.org", "*.example.org"), host) is allowed


@pytest.mark.parametrize(
    "broken", [{"pyproject.toml": "not = [toml"}, {"package.json": "[1"}, {"setup.cfg": "no section"}, {"Makefile": "\0"}]
)
def test_a_manifest_that_cannot_be_read_breaks_nothing(broken: dict[str, str]) -> None:
    assert isinstance(seen(broken), Environment)
