"""The command line as a shell sees it, against the embedded GitHub over TCP."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
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
    assert f"would start agent 1 on execution of project {number}, cycle 1: queued" in done.stdout
    assert world.refs().records == {}


def test_stop_and_start_say_what_is_true(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place

    stopped = groundskeeper(environment, tmp_path, "stop", "--reason", "bill looks wrong")
    again = groundskeeper(environment, tmp_path, "stop")
    started = groundskeeper(environment, tmp_path, "start")

    assert stopped.stdout.startswith("Stopped. Agents at work end within 30 seconds")
    assert "It was stopped already" in again.stdout
    assert started.stdout.startswith("Started again.")
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
    assert f"would start agent 1 on execution of project {number}" in said[3].stdout
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
    assert done.stderr.startswith(f"groundskeeper: {tmp_path}: the repository on GitHub cannot be told (")
    assert done.stderr.endswith("). Say it with --repository OWNER/NAME.\n")
    assert len(done.stderr.splitlines()) == 1


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


def hub_on(tmp_path: Path, port: int, root: str = "hub") -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "bot.entry.cli", "hub", "--port", str(port), "--root", str(tmp_path / root)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_second_hub_on_a_port_says_so_and_what_to_do(tmp_path: Path) -> None:
    with hub_on(tmp_path, 0) as first:
        assert first.stdout is not None
        url = first.stdout.readline().split(" is at ")[1].split(";")[0]
        try:
            second = groundskeeper({"PATH": os.environ["PATH"]}, tmp_path, "hub", "--port", url.rpartition(":")[2])
        finally:
            first.kill()
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"groundskeeper: An embedded GitHub is at {url} already: use that one, or end it with Ctrl-C where it was started. "
        "Take another one with `--port`; 0 takes any that is free.\n"
    )


def test_a_port_that_another_program_has_is_told_apart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = groundskeeper({"PATH": os.environ["PATH"]}, tmp_path, "hub", "--port", str(port))
    assert (done.returncode, f"Port {port} is taken by another program." in done.stderr) == (2, True)


def test_a_hub_that_broke_ends_with_the_reason(tmp_path: Path) -> None:
    with hub_on(tmp_path, 0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with closing(sqlite3.connect(tmp_path / "hub" / "hub.sqlite", timeout=30)) as db:
            db.execute("drop table deliveries")
            db.commit()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert (
        "The embedded GitHub broke: bot.hub.webhooks.deliveries.deliver_pending ended with OperationalError: no such table: deliveries."
        in out
    )


@pytest.fixture
def checkout(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> tuple[World, Path, dict[str, str]]:
    """A checkout whose `origin` says which repository it is; the environment does not."""
    world, environment = place
    there = tmp_path / "checkout"
    origin = f"{environment['GITHUB_API_URL']}/{FULL_NAME}.git"
    for args in (["init", "-q", str(there)], ["-C", str(there), "remote", "add", "origin", origin]):
        subprocess.run(["git", *args], check=True)
    return world, there, {name: value for name, value in environment.items() if name != "GROUNDSKEEPER_REPOSITORY"}


def test_the_repository_is_the_checkouts_everywhere_and_it_stays_clean(checkout: tuple[World, Path, dict[str, str]]) -> None:
    world, there, environment = checkout
    number = world.open_issue("Add a")

    planned, explained, stopped, started, served = (
        groundskeeper(environment, there, *args)
        for args in (["tick", "--dry-run"], ["why", str(number)], ["stop"], ["start"], ["serve", "--start", "local"])
    )

    assert f"would start agent 1 on execution of project {number}" in planned.stdout
    assert explained.stdout.startswith(f"#{number} Add a\n")
    assert stopped.stdout.startswith("Stopped.")
    assert started.stdout.startswith("Started again.")
    assert served.stderr.startswith("groundskeeper: GROUNDSKEEPER_WEBHOOK_SECRET is not set")  # so it knows where
    assert (there / ".groundskeeper" / "mirror.git").is_dir()
    assert subprocess.run(["git", "status", "--porcelain"], cwd=there, capture_output=True, text=True, check=True).stdout == ""


def test_an_option_is_stronger_than_the_environment_and_that_than_the_checkout(checkout: tuple[World, Path, dict[str, str]]) -> None:
    _, there, environment = checkout

    named = groundskeeper({**environment, "GROUNDSKEEPER_REPOSITORY": FULL_NAME}, there, "tick", "--dry-run", "--repository", "garden/none")
    told = groundskeeper({**environment, "GROUNDSKEEPER_REPOSITORY": "garden/other"}, there, "tick", "--dry-run")
    wrong = groundskeeper(environment, there, "tick", "--repository", "pots")

    assert ("garden/none" in named.stderr, named.returncode) == (True, 1)
    assert ("garden/other" in told.stderr, told.returncode) == (True, 1)
    assert wrong.stderr == "groundskeeper: --repository (or GROUNDSKEEPER_REPOSITORY): expected OWNER/NAME, found 'pots'.\n"


def test_a_dry_run_tells_titles_and_with_v_addresses(place: tuple[World, Mapping[str, str]], tmp_path: Path) -> None:
    world, environment = place
    number = world.open_issue("Add a")

    plain, more, less = (groundskeeper(environment, tmp_path, "tick", "--dry-run", *option).stdout for option in ([], ["-v"], ["-q"]))

    assert f"#{number} “Add a” is ready: queued" in plain
    assert f"/{FULL_NAME}/issues/{number}\n" not in plain
    assert f"/{FULL_NAME}/issues/{number}\n" in more
    assert "is ready" not in less


def test_serve_asks_for_no_run_that_an_enterprise_server_would_lose(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GROUNDSKEEPER_REPOSITORY": FULL_NAME,
        "GROUNDSKEEPER_WORKER_TOKEN": "t",
        "GROUNDSKEEPER_WEBHOOK_SECRET": "s",
        "GITHUB_API_URL": "https://github.example.com/api/v3",
    }

    done = groundskeeper(environment, tmp_path, "serve")

    assert done.returncode == 2
    assert done.stderr.startswith("groundskeeper: --start dispatch asks for runs in Actions, which would be lost on github.example.com: ")
    assert "`groundskeeper serve --start local`" in done.stderr
