"""Runs one command to its end or its limits: time, output, memory and processes of all its descendants, cancellation."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.ports import Outcome

_LOOK = 0.1
_CHUNK = 65_536
_FRAME = 16
"""Processes of the sandbox itself, and room for the kernel's limit to refuse before this one kills."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    memory: int = 4 * 1024**3
    """Bytes, of each process and of all together."""
    processes: int = 512
    file_size: int = 2 * 1024**3
    output: int = 200_000
    """Bytes of output that are kept; of more, the middle is left out."""


class Output:
    """Keeps the beginning and the end of a stream within a limit, however much comes."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        rest = chunk[room:] if room >= 0 else chunk
        if not rest:
            return
        self._tail.append(rest)
        self._tail_size += len(rest)
        while self._tail_size - len(self._tail[0]) >= self._half:
            self._dropped += len(self._tail[0])
            self._tail_size -= len(self._tail.popleft())

    def text(self) -> str:
        tail = b"".join(self._tail)
        extra = max(len(tail) - self._half, 0)
        dropped = self._dropped + extra
        middle = f"\n[… {dropped} bytes left out …]\n".encode() if dropped else b""
        return (bytes(self._head) + middle + tail[extra:]).decode(errors="replace")


def run_limited(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: bytes,
    timeout: timedelta,
    cancelled: Callable[[], bool],
    limits: Limits,
    pass_fds: Sequence[int] = (),
) -> Outcome:
    """In a session of its own, which is killed whole at the end, however it came."""
    output = Output(limits.output)
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            arguments,
            cwd=cwd,
            env=dict(environment),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    try:
        ended = _watch(process, output, time.monotonic() + timeout.total_seconds(), cancelled, limits)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _drain(process, output)
    if ended is None:
        return Outcome(exit_code=process.returncode if process.returncode >= 0 else None, output=output.text())
    if ended:
        output.add(f"\n[{ended}]\n".encode())
    return Outcome(exit_code=None, output=output.text(), timed_out=not ended and not cancelled())


def _watch(process: subprocess.Popen[bytes], output: Output, deadline: float, cancelled: Callable[[], bool], limits: Limits) -> str | None:
    """None when it ended by itself; else why it is to be killed, empty for time and cancellation."""
    pipe = process.stdout
    assert pipe is not None
    open_still = True
    looked = 0.0
    while True:
        if open_still and select.select([pipe], [], [], _LOOK)[0]:
            chunk = os.read(pipe.fileno(), _CHUNK)
            output.add(chunk)
            open_still = bool(chunk)
        now = time.monotonic()
        if not open_still:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(min(_LOOK, deadline - now), 0))
        if process.poll() is not None:
            return None
        if now >= deadline:
            return ""
        if now >= looked + _LOOK:
            looked = now
            if cancelled():
                return ""
            if excess := _excess(process.pid, limits):
                return excess


def _drain(process: subprocess.Popen[bytes], output: Output) -> None:
    """What is left in the pipe; without waiting for a stray process that may hold it open."""
    pipe = process.stdout
    assert pipe is not None
    while select.select([pipe], [], [], 0)[0] and (chunk := os.read(pipe.fileno(), _CHUNK)):
        output.add(chunk)
    pipe.close()


def _excess(pid: int, limits: Limits) -> str:
    """The kernel's own limits are for each process or user; this looks at the command and all its descendants together."""
    count, resident = 0, 0
    waiting = [pid]
    most = limits.processes + _FRAME
    while waiting and count <= most:
        each = waiting.pop()
        count += 1
        try:
            resident += int(Path(f"/proc/{each}/statm").read_text().split()[1])
            for thread in Path(f"/proc/{each}/task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        except (OSError, ValueError, IndexError):
            continue
    if count > most:
        return f"killed: more than {limits.processes} processes"
    if resident * os.sysconf("SC_PAGE_SIZE") > limits.memory:
        return f"killed: more than {limits.memory // 1024**2} MB of memory"
    return ""
