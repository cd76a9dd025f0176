"""What a command in the sandbox cannot do, tried for real."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap, Unsandboxed
from bot.adapters.sandbox.machine import available
from bot.adapters.sandbox.process import Limits, Output
from bot.ports import Outcome
from tests.patience import PATIENCE

isolated = pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}")
SECONDS = timedelta(seconds=PATIENCE)
LONG = 6000 + os.getpid()
"""Seconds to sleep that nobody waits for; like no other process's on this machine."""
SMALL = Limits(processes=40, memory=300 * 1024**2, file_size=1024**2, output=2_000)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    (path / "file").write_text("here\n")
    return path


def run(workspace: Path, script: str, *, limits: Limits = SMALL, **over: object) -> Outcome:
    return Bubblewrap(limits=limits).run(["bash", "-c", script], workspace=workspace, **{"timeout": SECONDS, **over})  # type: ignore[arg-type]


def all_gone(words: str) -> bool:
    """Whether no process with these words in its command is left on this machine; what was killed may need a moment to end."""
    looks = 1_000
    return any(not _commands_with(words) for _ in range(looks))


def _commands_with(words: str) -> list[str]:
    found = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in found if words in line and not line.startswith("Z")]


@isolated
def test_a_command_works_in_the_workspace_and_its_files_stay(workspace: Path) -> None:
    outcome = run(workspace, "pwd; cat file; echo more > made; cat", stdin=b"given")

    assert (outcome.exit_code, outcome.output) == (0, "/workspace\nhere\ngiven")
    assert (workspace / "made").read_text() == "more\n"


@isolated
def test_the_exit_status_and_both_streams_come_back(workspace: Path) -> None:
    outcome = run(workspace, "echo out; echo err >&2; exit 7")

    assert (outcome.exit_code, outcome.output) == (7, "out\nerr\n")


@isolated
def test_there_is_no_network(workspace: Path) -> None:
    probe = "import socket; s = socket.socket(); s.settimeout(2); print(s.connect_ex(('192.0.2.1', 80))); print(socket.if_nameindex())"

    lines = run(workspace, f'python3 -c "{probe}"').output.splitlines()

    assert int(lines[0]) != 0
    assert lines[1] == "[(1, 'lo')]"


@isolated
def test_nothing_of_our_environment_is_seen(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")

    everything = run(workspace, "env; cat /proc/*/environ | tr '\\0' '\\n'; cat /proc/1/cmdline").output

    assert "sk-very-secret" not in everything
    assert "HOME=/tmp/home" in everything


@isolated
def test_what_is_given_as_environment_is_seen(workspace: Path) -> None:
    assert run(workspace, "echo $COLOUR", environment={"COLOUR": "green"}).output == "green\n"


@isolated
@pytest.mark.parametrize("place", ["/home", "/var", "/run", "/mnt", "/srv", "/etc/shadow", "/etc/ssh", "/root/.ssh", "/root/.bashrc"])
def test_the_machines_own_places_are_not_there(workspace: Path, place: str) -> None:
    assert run(workspace, f"test ! -e {place}").exit_code == 0


@isolated
def test_the_only_host_that_is_known_by_name_is_the_sandbox_itself(workspace: Path) -> None:
    names = run(workspace, "cat /etc/hosts").output.split()

    assert {name for name in names if name[0].isalpha()} <= {"localhost", "sandbox"}


@isolated
def test_the_home_of_whoever_runs_the_bot_is_not_there(workspace: Path) -> None:
    mark = Path.home() / f".groundskeeper-test-{os.getpid()}"
    mark.write_text("private")
    try:
        assert run(workspace, f"cat {mark}").exit_code != 0
    finally:
        mark.unlink()


@isolated
def test_a_directory_beside_the_workspace_is_not_there(workspace: Path) -> None:
    (workspace.parent / "beside").write_text("private")
    (workspace / "link").symlink_to(workspace.parent / "beside")

    assert run(workspace, f"cat link || cat {workspace.parent}/beside || cat ../beside").exit_code != 0


@isolated
@pytest.mark.parametrize("place", ["/usr/made", "/usr/bin/made", "/etc/made", "/made", "/proc/sys/kernel/hostname"])
def test_nothing_outside_the_workspace_can_be_written(workspace: Path, place: str) -> None:
    assert run(workspace, f"echo x > {place}").exit_code != 0
    assert not Path(place).exists() or place.startswith("/proc")


@isolated
def test_a_read_only_workspace_cannot_be_written(workspace: Path) -> None:
    assert "Read-only" in run(workspace, "echo x > file", writable=False).output
    assert (workspace / "file").read_text() == "here\n"


@isolated
def test_other_processes_are_not_seen_and_cannot_be_signalled(workspace: Path) -> None:
    outcome = run(workspace, f"ls /proc | grep -c '^[0-9]'; kill -0 {os.getpid()} 2>/dev/null && echo seen")

    assert int(outcome.output.splitlines()[0]) < 10
    assert "seen" not in outcome.output


@isolated
def test_the_command_has_no_privilege_even_when_the_bot_is_root(workspace: Path) -> None:
    status = run(workspace, "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; mount -t tmpfs x /workspace && echo mounted").output

    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "mounted" not in status


@isolated
def test_a_command_past_its_time_is_killed_with_all_that_it_started(workspace: Path) -> None:
    outcome = run(workspace, f"sleep {LONG}.1 & setsid nohup bash -c 'sleep {LONG}.2' & sleep {LONG}.3", timeout=timedelta(seconds=0.5))

    assert (outcome.exit_code, outcome.timed_out) == (None, True)
    assert all_gone(f"sleep {LONG}")


@isolated
def test_nothing_goes_on_after_the_command_ends(workspace: Path) -> None:
    outcome = run(workspace, f"setsid nohup bash -c 'touch begun; sleep {LONG}' > /dev/null 2>&1 & until [ -e begun ]; do :; done; exit 0")

    assert outcome.exit_code == 0
    assert all_gone(f"sleep {LONG}")


@isolated
def test_a_command_is_killed_when_the_run_is_cancelled(workspace: Path) -> None:
    outcome = run(workspace, f"sleep {LONG}", cancelled=lambda: True)

    assert (outcome.exit_code, outcome.timed_out) == (None, False)


@isolated
def test_a_fork_bomb_stays_within_its_limit(workspace: Path) -> None:
    bomb = """
import os, time
made = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        made += 1
except BlockingIOError:
    print("refused before the limit", made < 40)
"""
    outcome = run(workspace, "python3 -", stdin=bomb.encode())

    assert "refused before the limit True" in outcome.output


@isolated
def test_memory_is_limited_for_one_process_and_for_all_together(workspace: Path) -> None:
    one = run(workspace, "python3 -c 'x = bytearray(400 * 2**20)'")
    assert one.exit_code != 0

    each = "python3 -c 'import time; x = bytearray(b\\\"x\\\") * (150 * 2**20); time.sleep(600)'"
    all_together = run(workspace, f"{each} & {each} & {each} & wait".replace('\\"', '"'))
    assert "MB of memory" in all_together.output


@isolated
def test_a_files_size_is_limited(workspace: Path) -> None:
    run(workspace, "head -c 5000000 /dev/zero > big")

    assert (workspace / "big").stat().st_size <= SMALL.file_size


@isolated
def test_endless_output_is_cut_in_the_middle(workspace: Path) -> None:
    outcome = run(workspace, "echo first; seq 100000; echo last")

    assert outcome.output.startswith("first\n")
    assert outcome.output.endswith("last\n")
    assert "bytes left out" in outcome.output
    assert len(outcome.output) < 3_000


@isolated
def test_the_python_that_runs_us_is_there_with_what_it_has_installed(workspace: Path) -> None:
    assert run(workspace, "python3 -c 'import yaml; print(yaml.__name__)'").output == "yaml\n"


@isolated
def test_git_shared_by_hard_links_is_not_given_away(workspace: Path) -> None:
    mirror = workspace.parent / "object"
    mirror.write_text("shared")
    os.link(mirror, workspace / "object")
    owner = mirror.stat().st_uid

    run(workspace, "true")

    assert mirror.stat().st_uid == owner


def test_without_a_sandbox_the_environment_is_clean_all_the_same(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    plain = Unsandboxed()

    outcome = plain.run(["bash", "-c", "env; pwd"], workspace=workspace, timeout=SECONDS)

    assert not plain.isolating
    assert "secret" not in outcome.output
    assert str(workspace) in outcome.output


def test_without_a_sandbox_the_group_is_killed_too(workspace: Path) -> None:
    plain = Unsandboxed()
    slow = plain.run(["bash", "-c", f"sleep {LONG}.1 & sleep {LONG}.2"], workspace=workspace, timeout=timedelta(seconds=0.3))

    assert slow.timed_out
    assert all_gone(f"sleep {LONG}")


def test_output_keeps_its_ends_whatever_the_chunks() -> None:
    output = Output(10)
    for chunk in (b"abc", b"defgh", b"ijklm", b"nopqrstuvwx", b"yz"):
        output.add(chunk)

    text = output.text()
    assert text.startswith("abcde\n")
    assert text.endswith("\nvwxyz")
    assert "16 bytes left out" in text
