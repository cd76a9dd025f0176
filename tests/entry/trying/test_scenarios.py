"""The page about scenario files is true: its example, typed as it stands there, becomes an approved branch."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.sandbox.machine import available
from bot.adapters.scenario_files import read_scenario
from bot.core.errors.model_errors import ModelErrorKind
from tests.entry.terminal import ROOT, environment

PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}")
def test_the_example_of_the_page_works_as_it_stands(tmp_path: Path) -> None:
    _, (_, making), (_, scenario), (_, trying) = FENCED.findall(PAGE)
    (tmp_path / "scenario.yml").write_text(scenario)
    command = shlex.join([sys.executable, "-m", "bot.entry.cli"])
    identity = "export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=a@example.org\n"
    script = f'{identity}set -e\ngroundskeeper() {{ {command} "$@"; }}\n{making}cd ..\n{trying}'

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "met      Every pot counts: total([1, 2]) is 3, as tests/test_first.py shows." in done.stdout
    changed = subprocess.run(
        ["git", "diff", "--name-only", "HEAD", "agent-1/project-1"], cwd=tmp_path / "pots", capture_output=True, text=True, check=True
    )
    assert changed.stdout.split() == ["pots.py", "tests/test_first.py"]


def test_errors_are_read_as_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yml"
    path.write_text("- role: review\n  steps: [{error: rate limited}, {say: hello}]\n")

    (scene,) = read_scenario(path)

    assert getattr(scene.steps[0], "error", None) is ModelErrorKind.RATE_LIMITED
    for name in re.findall(r"`(\w+(?: \w+)*)`", re.search(r"raised once: (.*?) and so on", PAGE)[1]):  # type: ignore[index]
        assert name.upper().replace(" ", "_") in ModelErrorKind.__members__
