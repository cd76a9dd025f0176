"""What jobs print: a model's words and a stranger's stay words, although the runner reads the log for commands."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.entry.actions import runner_environment
from bot.entry.terminal import Verbosity, report
from bot.flows.fleet import keep_working
from tests.world import World, a_world, judges, writes

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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


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


def shown(world: World, *, width: int = 200, terminal: bool = False, verbosity: Verbosity = Verbosity.NORMAL) -> list[str]:
    """One issue from queued to merged, as `run` prints it."""
    world.model.add(writes("a.txt", "a"), judges())
    world.open_issue("Add a file for the pots that nobody has counted yet, since the count is wrong")
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, color_system=None, legacy_windows=False)
    seen = report(console, now=world.clock.now, web="https://github.com/garden/pots", verbosity=verbosity)

    def checks() -> None:
        world.check()

    keep_working(
        world.context,
        until=lambda done: done.plan.idle is not None,
        watcher=seen.watcher,
        poll=timedelta(seconds=1),
        between=checks,
    )
    assert seen.at_work() == []
    return out.getvalue().splitlines()


def test_a_run_is_told_with_times_titles_and_links(world: World) -> None:
    lines = shown(world)

    day, *rest = lines
    assert day == "2026-11-21, times in UTC, https://github.com/garden/pots"
    assert [line for line in rest if not re.match(r"\d\d:\d\d:\d\d  \S|          https://", line)] == []
    title = next(place for place, line in enumerate(lines) if "  #1       Add a file for the pots" in line)
    assert lines[title + 1] == "          https://github.com/garden/pots/issues/1"
    assert lines.count("          https://github.com/garden/pots/pull/2") == 1
    assert [line for line in lines if re.search(r"agent 1  execution of #1 “Add a file.*” finished, \$0\.00", line)]


def test_a_run_can_be_read_at_sixty_columns(world: World) -> None:
    lines = shown(world, width=60, terminal=True)

    assert [line for line in lines if len(line) > 60] == []
    assert [line for line in lines[2:] if not re.match(r"\d\d:\d\d:\d\d  \S| {10}\S", line)] == []
    events = re.sub(r"\n {10}(?!https)", " ", "\n".join(lines)).splitlines()
    title = "Add a file for the pots that nobody has counted yet, since the count is wrong"
    assert [event for event in events if event.endswith(f"#1       {title}")]
    assert [event for event in events if re.search(rf"agent 1  execution of #1 “{title}” finished, .* gates passed: test\.$", event)]


def test_quiet_tells_only_what_went_wrong_and_verbose_every_look(world: World) -> None:
    assert shown(world, verbosity=Verbosity.QUIET) == []
    with a_world(world.root / "verbose") as other:
        verbose = shown(other, verbosity=Verbosity.VERBOSE)
    assert [line for line in verbose if "bot      looked: 1 projects" in line]


def test_quiet_tells_what_waits_for_a_person(world: World) -> None:
    out = io.StringIO()
    seen = report(Console(file=out, width=200), now=world.clock.now, verbosity=Verbosity.QUIET)
    world.open_issue("Add a", by="tess")
    seen.watcher.ticked(world.tick())
    seen.watcher.error("GitHub is away")

    assert "#1       needs-human: " in out.getvalue()
    assert "error    GitHub is away" in out.getvalue()
