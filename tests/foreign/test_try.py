"""`groundskeeper try` on somebody else's published code, at a terminal: the script's commands see the bug, mend it and see it gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.adapters.sandbox.machine import available
from tests.entry.terminal import at_a_terminal, environment
from tests.entry.trying.own_code import git
from tests.foreign.cases import CACHETOOLS, Case
from tests.world import sandbox

BRANCH = "agent-1/project-1"
CONFIG = "environment: {setup: []}\ngates: {test: python3 -m unittest discover -t . -s tests}\n"
"""It needs nothing but Python, so that its index need not be within reach of the sandbox."""


@pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}")
@pytest.mark.timeout(300)
def test_a_published_package_is_mended_in_front_of_a_person(published: Callable[[Case], Path], tmp_path: Path) -> None:
    case, code, home = CACHETOOLS, published(CACHETOOLS), tmp_path / "home"
    home.mkdir()
    (home / "scenario.yml").write_text(yaml.safe_dump(_scenario(case)))
    (home / "issue.md").write_text(f"# {case.title}\n\n{case.body}")
    (code / ".github").mkdir(exist_ok=True)
    (code / ".github" / "groundskeeper.yml").write_text(CONFIG)
    for args in (["init", "-q", "-b", "master"], ["add", "-A"], ["commit", "-qm", f"{case.name} {case.version}"]):
        git(code, *args)
    assert not _right(case, Path(shutil.copytree(code, tmp_path / "before")))

    command = ("try", "--issue", str(home / "issue.md"), "--script", str(home / "scenario.yml"))
    with at_a_terminal(environment(home), code, *command) as terminal:
        terminal.until("Approved by the reviewer.", within=240)
        status = terminal.end()
    mended = tmp_path / "mended"
    subprocess.run(["git", "clone", "-q", "-b", BRANCH, str(code), str(mended)], check=True, capture_output=True)

    assert status == 0, terminal.text
    assert f"git merge {BRANCH}" in terminal.text
    assert "Gates in the sandbox: test passed." in terminal.text
    assert git(code, "status", "--porcelain") == ""
    assert _right(case, mended)


def _right(case: Case, tree: Path) -> bool:
    """By the issue's own program, in the sandbox, with this machine's Python."""
    return sandbox().run(["sh", "-c", _program(case)], workspace=tree, timeout=timedelta(seconds=60)).exit_code == 0


def _program(case: Case) -> str:
    return f"PYTHONPATH={case.source} PYTHONDONTWRITEBYTECODE=1 python3 - <<'PROGRAM'\n{case.reproduction}PROGRAM\n"


def _scenario(case: Case) -> list[object]:
    program = _program(case)
    edits = [{"edit": {"do": "replace", "path": edit.path, "old": edit.old, "new": edit.new}} for edit in case.edits]
    judgements = [{"criterion": f"C{place}", "met": True, "evidence": seen} for place, seen in enumerate(case.evidence, start=1)]
    return [
        {
            "role": "execution",
            "title": case.title,
            "steps": [
                {"bash": {"command": f"! {{\n{program}}}"}},
                {"calls": [*edits, {"edit": {"do": "create", "path": case.test_path, "new": case.test_code}}]},
                {"bash": {"command": f"set -e\n{program}git add -A\ngit commit -qm '{case.commit}'"}},
                {"finish": {"report": f"{case.commit}."}},
            ],
        },
        {
            "role": "review",
            "title": case.title,
            "steps": [
                {"bash": {"command": program}},
                {"verdict": {"approve": True, "summary": "The bug is gone.", "judgements": judgements, "findings": []}},
            ],
        },
    ]
