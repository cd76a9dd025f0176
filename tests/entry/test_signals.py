"""Ctrl-C in a real terminal: said at once, handed in, released; and the next process of the same home goes on without waiting."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.facts.record import WRITER_LOCK
from bot.core.runs.run import Ending
from bot.hub.serve import serving
from tests.world import FULL_NAME, World, make_world

ROOT = Path(__file__).resolve().parents[2]
BUSY = """\
- role: execution
  title: Add a
  steps:
    - bash: {command: "echo begun > a.txt && git add -A && git commit -qm Begin && sleep 600"}
    - finish: {report: Never comes to this}
"""
QUICK = """\
- role: execution
  title: Add b
  steps:
    - bash: {command: "echo b > b.txt && git add -A && git commit -qm 'Add b'"}
    - finish: {report: Did it}
"""


@dataclass
class Terminal:
    process: subprocess.Popen[bytes]
    screen: int
    seen: str = ""

    def until(self, words: str) -> str:
        end = time.monotonic() + 90
        while not re.search(words, self.seen):
            assert self._more(end), f"{words!r} was not said: {self.seen}"
        return self.seen

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def ended(self) -> int:
        end = time.monotonic() + 90
        while self._more(end):
            pass
        return self.process.wait(30)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self.screen], [], [], max(0.0, end - time.monotonic()))
        try:
            part = os.read(self.screen, 65536) if ready else b""
        except OSError:  # how Linux says that nobody has the other end open any more
            part = b""
        self.seen += part.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(part)


@contextmanager
def terminal(environment: Mapping[str, str], cwd: Path, *args: str) -> Iterator[Terminal]:
    """The command in a terminal of its own, in which Ctrl-C reaches it and all that it has started."""
    ours, theirs = pty.openpty()
    # A shell in a terminal starts programs with no signal ignored, whatever this process was started with.
    command = ["env", "--default-signal=INT,QUIT", "setsid", "--ctty", "--wait", sys.executable, "-u", "-m", "bot.entry.cli", *args]
    process = subprocess.Popen(command, env={**environment, "COLUMNS": "200"}, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait(30)
        os.close(ours)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[World, dict[str, str]]]:
    world = make_world(tmp_path)
    world.hub.clock = world.clock.now
    (tmp_path / "busy.yml").write_text(BUSY)
    (tmp_path / "quick.yml").write_text(QUICK)
    with serving(world.hub, work=False, app=world.app) as served:
        yield (
            world,
            {
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(ROOT),
                "GROUNDSKEEPER_REPOSITORY": FULL_NAME,
                "GROUNDSKEEPER_WORKER_TOKEN": world.tokens["worker"],
                "GROUNDSKEEPER_REVIEWER_TOKEN": world.tokens["reviewer"],
                "GROUNDSKEEPER_SCENARIO": str(tmp_path / "busy.yml"),
                "GITHUB_API_URL": served.url,
            },
        )


def test_ctrl_c_says_at_once_what_it_waits_for_and_keeps_what_was_done(place: tuple[World, dict[str, str]], tmp_path: Path) -> None:
    world, environment = place
    number = world.open_issue("Add a")
    with terminal(environment, tmp_path, "run") as shell:
        shell.until("bash: echo begun")

        shell.press(b"\x03")

        shell.until(r"Stopping: waiting for agent 1 \(execution of #1\), to hand in what is done; that takes about 30 seconds\.")
        assert shell.ended() == 130
    record = world.record(number)
    assert record.lease is None
    assert [run.ending for run in record.runs] == [Ending.STOPPED]
    assert record.runs[0].note == "This process was stopped; what was done is kept"
    assert world.refs().records[WRITER_LOCK].lease is None
    assert "Traceback" not in shell.seen


def test_ctrl_c_with_nobody_at_work_ends_at_once(place: tuple[World, dict[str, str]], tmp_path: Path) -> None:
    _, environment = place
    with terminal(environment, tmp_path, "run") as shell:
        shell.until("idle ")
        shell.press(b"\x03")
        shell.until("Stopping: no agent is at work")
        assert shell.ended() == 130
    assert "Traceback" not in shell.seen


def test_a_second_ctrl_c_ends_at_once_even_while_the_first_is_being_answered(tmp_path: Path) -> None:
    """The second one comes from within the first one's handler, where it says who is at work."""
    code = (
        "import os, signal\n"
        "from bot.entry.signals import *\n"
        "with interruptible() as interruption:\n"
        "    interruption.at_work = lambda: os.kill(os.getpid(), signal.SIGINT) or []\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert "Ended at once." in ended.stderr
    assert ended.returncode == 130


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    code = "import signal; from bot.entry.signals import *\nwith interruptible():\n print(1, flush=True)\n while True: signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stderr.readline()
        assert process.stderr.readline().startswith("Stopping: ")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.communicate()
    assert "Ended at once." in said
    assert process.returncode == 130


@pytest.mark.slow
def test_a_process_that_was_killed_is_followed_by_one_that_does_not_wait_for_it(
    place: tuple[World, dict[str, str]], tmp_path: Path
) -> None:
    world, environment = place
    world.open_issue("Add a")
    with terminal(environment, tmp_path, "run") as shell:
        shell.until("bash: echo begun")
        shell.press(b"\x1c")  # Ctrl-\ as the hardest that a terminal has: nothing is released
        shell.ended()
    assert world.refs().records[WRITER_LOCK].lease is not None
    second = world.open_issue("Add b")
    quick = {**environment, "GROUNDSKEEPER_SCENARIO": str(tmp_path / "quick.yml")}

    command = [sys.executable, "-m", "bot.entry.cli", "tick", "--home"]
    elsewhere = subprocess.run([*command, "other"], env=quick, cwd=tmp_path, capture_output=True, text=True, check=False)
    again = subprocess.run([*command, ".groundskeeper"], env=quick, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert re.search(r"waiting  another process \(process-\S+\) writes to GitHub now", elsewhere.stdout), elsewhere
    assert "another process" not in again.stdout
    assert f"start agent 2 on execution of project {second}" in again.stdout, again
    assert [run.ending for run in world.record(second).runs] == [Ending.FINISHED]
