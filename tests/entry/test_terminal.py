"""What jobs print: a model's words and a stranger's stay words, although the runner reads the log for commands."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bot.entry.actions import runner_environment
from bot.entry.terminal import report

HOSTILE = (
    "::add-mask::a",
    "  ::stop-commands::for-ever",
    "Checked.\n::set-output name=matrix::{}",
    "Checked.\r::error file=pots.py::All is lost",
    "Checked.\u2028::warning::x",
    "\ufeff::notice::x",
    "@mallory wrote “/agent ##[add-mask]e”",
    "Checked.\n##[group]Hidden",
)


def obeyed(log: str) -> list[str]:
    """The lines that actions/runner would take for commands: OutputManager.cs hands each line to ActionCommand.cs."""
    lines = log.replace("\r", "\n").replace("\u2028", "\n").split("\n")
    return [line for line in lines if line.lstrip(" \t\ufeff").startswith("::") or "##[" in line]


def test_no_line_of_a_job_is_a_command_to_the_runner(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(obeyed("\n".join(HOSTILE))) == len(HOSTILE)
    summary = tmp_path / "summary"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    runner_environment.say("Publish", [*HOSTILE, "tests/a.py::test_b passed\n```\n# Not ours"])

    log = capsys.readouterr().out
    assert obeyed(log) == []
    assert len(log.splitlines()) == len(HOSTILE) + 1
    assert "tests/a.py::test_b passed" in log
    assert summary.read_text().count("```") == 2


def test_no_line_of_a_run_is_a_command_to_the_runner() -> None:
    out = io.StringIO()
    watcher = report(Console(file=out, width=200, highlight=False)).watcher
    for words in HOSTILE:
        watcher.error(words)

    assert obeyed(out.getvalue()) == []
    assert len(out.getvalue().splitlines()) == len(HOSTILE) + 1  # the day comes first
