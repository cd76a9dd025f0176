"""The command line as a shell sees it, against the embedded GitHub over TCP."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.hub.serve import serving
from tests.world import FULL_NAME, World, make_world


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[World, Mapping[str, str]]]:
    world = make_world(tmp_path)
    world.hub.clock = world.clock.now
    with serving(world.hub, work=False, app=world.app) as served:
        yield (
            world,
            {
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path / "home"),
                "GROUNDSKEEPER_REPOSITORY": FULL_NAME,
                "GROUNDSKEEPER_WORKER_TOKEN": world.tokens["worker"],
                "GROUNDSKEEPER_REVIEWER_TOKEN": world.tokens["reviewer"],
                "GITHUB_API_URL": served.url,
                "ANTHROPIC_API_KEY": "never-used",
            },
        )


def groundskeeper(environment: Mapping[str, str], cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.entry.cli", *args]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, env={**environment, "PYTHONPATH": str(root)}, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_command_pays_only_for_what_it_needs() -> None:
    """Each of the workflow's steps starts Python anew."""
    asked = (
        "import sys, bot.entry.cli; print(*sorted({'bot.hub', 'flask', 'githubkit', 'anthropic', 'pydantic', 'rich'} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


def test_a_dry_run_prints_the_plan_with_its_reasons(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place
    number = world.open_issue("Add a")

    done = groundskeeper(environment, tmp_path, "tick", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert f"would agent 1 starts execution of project {number}, cycle 1: queued" in done.stdout
    assert world.refs().records == {}


def test_stop_and_start_say_what_is_true(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place

    stopped = groundskeeper(environment, tmp_path, "stop", "--reason", "bill looks wrong")
    again = groundskeeper(environment, tmp_path, "stop")
    started = groundskeeper(environment, tmp_path, "start")

    assert stopped.stdout.startswith("Stopped. Agents at work end within 30 seconds")
    assert "It was stopped already" in again.stdout
    assert started.stdout.startswith("StartedRun again.")
    assert world.refs().stop is None


def test_who_only_looks_or_stops_needs_neither_the_models_key_nor_a_sandbox(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place
    number = world.open_issue("Add a")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "sh"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    poor = {name: value for name, value in environment.items() if name != "ANTHROPIC_API_KEY"} | {"PATH": str(tools)}

    said = [groundskeeper(poor, tmp_path, *args) for args in (["stop"], ["why", str(number)], ["start"], ["tick", "--dry-run"])]
    working = groundskeeper(poor, tmp_path, "tick")

    assert [one.stderr for one in said] == ["", "", "", ""]
    assert "Phase: paused" in said[1].stdout
    assert f"would agent 1 starts execution of project {number}" in said[3].stdout
    assert (working.returncode, "ANTHROPIC_API_KEY is not set" in working.stderr) == (2, True)


def test_an_old_git_is_refused_before_anything_is_begun(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    _, environment = place
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)

    done = groundskeeper({**environment, "PATH": f"{tmp_path}:{environment['PATH']}"}, tmp_path, "tick", "--dry-run")

    assert done.returncode == 2
    assert done.stderr == (
        "groundskeeper: git is too old: git version 2.30.2. Install git 2.38 or newer (https://git-scm.com/downloads).\n"
    )


def test_what_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    done = groundskeeper({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANTHROPIC_API_KEY": "k"}, tmp_path, "tick", "--dry-run")

    assert done.returncode == 2
    assert done.stderr == (
        "groundskeeper: GROUNDSKEEPER_REPOSITORY: expected owner/name of the repository to work on. Set it, or run inside Actions.\n"
    )


def test_a_bad_token_is_one_clear_line(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    _, environment = place
    done = groundskeeper({**environment, "GROUNDSKEEPER_WORKER_TOKEN": "ghp_wrong"}, tmp_path, "tick", "--dry-run")

    assert done.returncode == 1
    assert "Bad credentials" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_without_a_price_is_refused_before_anything_begins(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place
    world.open_issue("Add a")
    before = world.git("for-each-ref")

    done = groundskeeper({**environment, "MODEL": "claude-9"}, tmp_path, "run", "--until-idle")

    assert done.returncode == 2
    assert "No price is known for claude-9, so it is not used. Write one of these below `models:`" in done.stderr
    assert world.git("for-each-ref") == before
