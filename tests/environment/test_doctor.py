"""What `doctor` and `init` say after they have prepared the environment and run the gates for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.entry.config import Config, parse
from bot.entry.setup.doctor_environment import examined
from bot.entry.setup.finding import Finding, Light
from tests.environment.conftest import Repository

pytestmark = pytest.mark.sandboxed


def looked(repository: Repository, files: dict[str, str], config: str = "") -> list[Finding]:
    repository.commit(files)
    return list(examined(repository.root / "tree", "garden/pots", parse(config) if config else Config()))


def test_tests_that_cannot_even_start_are_never_green(repository: Repository) -> None:
    """A checkout whose only interpreter is a bare one, as on most machines: pytest is nowhere."""
    config = "environment: {setup: ['python3 -m venv .venv --without-pip'], path: [.venv/bin]}\ngates: {test: python -m pytest -q}\n"

    environment, gate = looked(repository, {"test_pots.py": "import pytest\n"}, config)

    assert environment.light is Light.GREEN
    assert gate.light is Light.RED
    assert "No module named pytest" in gate.found
    assert gate.remedy.startswith("Mend it, or name another command below `gates:`.")


def test_a_setup_that_fails_is_said_with_its_remedy(repository: Repository) -> None:
    (environment,) = looked(repository, {"README.md": "x"}, "environment: {setup: ['echo error: no such pot; exit 3']}\n")

    assert environment.light is Light.RED
    assert environment.found == (
        "The environment could not be prepared: `echo error: no such pot; exit 3` failed, saying “error: no such pot”."
    )


def test_what_works_is_green_and_told(repository: Repository) -> None:
    config = "environment: {setup: ['touch made']}\ngates: {lint: 'test -e made', test: 'true'}\n"

    findings = looked(repository, {"README.md": "x"}, config)

    assert [finding.light for finding in findings] == [Light.GREEN] * 3
    assert findings[0].found.startswith("prepared in ")
    assert findings[1].found == "`test -e made` passes"


def test_a_repository_that_needs_nothing_is_green_too(repository: Repository) -> None:
    assert [finding.found for finding in looked(repository, {"README.md": "x"})] == [
        "nothing has to be installed",
        "none were found: only checks on GitHub judge the work. Name commands below `gates:` to have more",
    ]


def test_a_folder_without_a_commit_is_not_seen(tmp_path: Path) -> None:
    (finding,) = examined(tmp_path, "garden/pots", Config())

    assert finding.light is Light.NOT_SEEN
