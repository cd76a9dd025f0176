"""A person at a terminal: types, waits for words on the screen, presses Ctrl-C. The program runs as a real process on a real pty."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 90.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


@dataclass
class Terminal:
    process: subprocess.Popen[bytes]
    screen: int
    raw: str = ""

    @property
    def text(self) -> str:
        """Everything that was ever shown, without the codes that move and colour it."""
        return _CODES.sub("", self.raw)

    def until(self, words: str, within: float = _LONGEST) -> None:
        """Waits for the words; fails with what is on the screen where they do not come."""
        deadline = time.monotonic() + within
        while words not in self.text:
            if not self._read(deadline):
                raise AssertionError(f"{words!r} was never shown; the screen says:\n{self.text}")

    def type(self, words: str) -> None:
        os.write(self.screen, words.encode())

    def ctrl_c(self) -> None:
        """What a terminal does then: everything in the foreground is told."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Reads to the end; the exit status."""
        deadline = time.monotonic() + _LONGEST
        while self._read(deadline):
            pass
        return self.process.wait(timeout=max(1.0, deadline - time.monotonic()))

    def _read(self, deadline: float) -> bool:
        if not select.select([self.screen], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        try:
            piece = os.read(self.screen, 65_536)
        except OSError:  # Linux says so when the other side was closed
            return False
        self.raw += piece.decode(errors="replace")
        return bool(piece)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Of somebody who has nothing set up."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(home), "LANG": "C.UTF-8", **more}


@contextmanager
def at_a_terminal(env: Mapping[str, str], cwd: Path, *args: str) -> Iterator[Terminal]:
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.entry.cli", *args],
        cwd=cwd,
        env={**env, "TERM": "xterm-256color"},
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    )
    os.close(keyboard)
    try:
        yield Terminal(process, screen)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(screen)


def in_a_shell(env: Mapping[str, str], cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """No terminal anywhere, as in a script."""
    return subprocess.run(
        [sys.executable, "-m", "bot.entry.cli", *args],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
