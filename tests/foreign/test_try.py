"""`groundskeeper try` on somebody else's published code, at a terminal: the script's commands see the bug, mend it and see it gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.adapters.sandbox.addresses import PRIVATE_NETWORKS
from bot.adapters.sandbox.machine import available
from tests.entry.terminal import Terminal, at_a_terminal, environment
from tests.entry.trying.own_code import git
from tests.foreign.cases import CACHETOOLS, Case
from tests.foreign.dependent import FLASK
from tests.foreign.dependent.case import Dependent
from tests.foreign.index import private_networks
from tests.world import sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}"),
    pytest.mark.timeout(400),
]
BRANCH = "agent-1/project-1"
CONFIG = "environment: {setup: []}\ngates: {test: python3 -m unittest discover -t . -s tests}\n"
"""It needs nothing but Python, so that its index need not be within reach of the sandbox."""


def test_a_published_package_is_mended_in_front_of_a_person(published: Callable[[Case], Path], tmp_path: Path) -> None:
    case, code = CACHETOOLS, published(CACHETOOLS)
    (code / ".github").mkdir(exist_ok=True)
    (code / ".github" / "groundskeeper.yml").write_text(CONFIG)
    assert not _right(case, Path(shutil.copytree(code, tmp_path / "before")))
    with _trying(tmp_path, code, case, _scenario(case)) as terminal:
        terminal.until("Approved by the reviewer.", within=240)
        status = terminal.end()
    mended = tmp_path / "mended"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, str(code), str(mended)], check=True, capture_output=True)

    assert status == 0, terminal.text
    assert f"git merge {BRANCH}" in terminal.text
    assert "Gates in the sandbox: test passed." in terminal.text
    assert git(code, "status", "--porcelain") == ""
    assert _right(case, mended)


@pytest.mark.slow
def test_a_package_with_dependencies_is_prepared_and_mended_in_front_of_a_person(
    package: Callable[[Dependent], Path], tmp_path: Path
) -> None:
    code = package(FLASK)
    with _trying(tmp_path, code, FLASK, _scenario_of(FLASK), **{PRIVATE_NETWORKS: private_networks()}) as terminal:
        terminal.until("Approved by the reviewer.", within=300)
        status = terminal.end()

    assert status == 0, terminal.text
    assert "setup: uv sync" in terminal.text
    assert "Gates in the sandbox: lint passed, test passed." in terminal.text
    assert git(code, "diff", "--name-only", "HEAD", BRANCH).splitlines() == [FLASK.edits[0].path, FLASK.test_path]
    assert git(code, "status", "--porcelain") == ""


def test_an_index_that_is_not_on_the_list_ends_it_in_one_sentence(tmp_path: Path) -> None:
    """As soon as its client gave up; nothing was begun, so nothing is left behind."""
    code = tmp_path / "pots"
    (code / ".github").mkdir(parents=True)
    setup = "uv venv -q .venv && uv pip install -q --index-url https://packages.example.org/simple pots"
    (code / ".github" / "groundskeeper.yml").write_text(f"environment: {{setup: ['{setup}']}}\n")
    with _trying(tmp_path, code, FLASK, _scenario_of(FLASK)) as terminal:
        terminal.until("What came of it", within=60)
        status = terminal.end()

    assert status == 1
    ending = " ".join(terminal.text.partition("What came of it")[2].split())
    assert (
        "Not approved: The environment could not be prepared: setup wanted packages.example.org: add it to `environment.network`." in ending
    )
    assert "nothing was spent" in ending
    assert BRANCH not in git(code, "branch", "--all")


@contextmanager
def _trying(tmp_path: Path, code: Path, one: Case | Dependent, scenario: object, **env: str) -> Iterator[Terminal]:
    """The code becomes a repository as a person has it: everything in one commit."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "scenario.yml").write_text(yaml.safe_dump(scenario))
    (home / "issue.md").write_text(f"# {one.title}\n\n{one.body}")
    for args in (["init", "-q", "-b", "master"], ["add", "-A"], ["commit", "-qm", f"{one.name} {one.version}"]):
        git(code, *args)
    command = ("try", "--issue", str(home / "issue.md"), "--script", str(home / "scenario.yml"))
    with at_a_terminal(environment(home, **env), code, *command) as terminal:
        yield terminal


def _right(case: Case, tree: Path) -> bool:
    """By the issue's own program, in the sandbox, with this machine's Python."""
    return sandbox().run(["sh", "-c", _program(case)], workspace=tree, timeout=timedelta(seconds=60)).exit_code == 0


def _program(case: Case) -> str:
    return f"PYTHONPATH={case.source} PYTHONDONTWRITEBYTECODE=1 python3 - <<'PROGRAM'\n{case.reproduction}PROGRAM\n"


def _scenario(case: Case) -> list[object]:
    return _scenes(case, _program(case), case.evidence)


def _scenario_of(one: Dependent) -> list[object]:
    return _scenes(one, one.reproduction, ["The program of the issue ends well."] * one.body.count("- [ ]"))


def _scenes(one: Case | Dependent, program: str, evidence: Iterable[str]) -> list[object]:
    edits = [{"edit": {"do": "replace", "path": edit.path, "old": edit.old, "new": edit.new}} for edit in one.edits]
    judgements = [{"criterion": f"C{place}", "met": True, "evidence": seen} for place, seen in enumerate(evidence, start=1)]
    return [
        {
            "role": "execution",
            "title": one.title,
            "steps": [
                {"bash": {"command": f"! {{\n{program}}}"}},
                {"calls": [*edits, {"edit": {"do": "create", "path": one.test_path, "new": one.test_code}}]},
                {"bash": {"command": f"set -e\n{program}git add -A\ngit commit -qm '{one.commit}'"}},
                {"finish": {"report": f"{one.commit}."}},
            ],
        },
        {
            "role": "review",
            "title": one.title,
            "steps": [
                {"bash": {"command": program}},
                {"verdict": {"approve": True, "summary": "The bug is gone.", "judgements": judgements, "findings": []}},
            ],
        },
    ]
