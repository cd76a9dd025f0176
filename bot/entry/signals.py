"""Ctrl-C and SIGTERM while agents are at work: said at once, waits end, runs hand in what they have; a second one ends the process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_WHY = "This process was stopped; what was done is kept"
_SECOND = b"\nEnded at once. Runs that were under way keep their leases until these end by themselves.\n"


@dataclass(kw_only=True)
class Interruption:
    """`at_work` names the runs under way, for people."""

    at_work: Callable[[], list[str]] = list
    signal: int | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def reason(self) -> str | None:
        """Why runs are to end now, where they are."""
        return _WHY if self._over.is_set() else None

    def sleep(self, seconds: float) -> None:
        """What a clock waits with: in the main thread a signal ends the wait, with KeyboardInterrupt; runs in others are told instead."""
        if threading.current_thread() is not threading.main_thread():
            time.sleep(seconds)
        elif self._over.wait(seconds):
            raise KeyboardInterrupt

    def exit_status(self) -> int:
        """As a shell has it for Ctrl-C; a supervisor's SIGTERM is obeyed, which is no failure."""
        return 128 + signal.SIGINT if self.signal == signal.SIGINT else 0

    def hear(self, number: int, _: FrameType | None) -> None:
        if self._over.is_set():
            os.write(2, _SECOND)
            os._exit(128 + number)
        # First of all, since a second one may come in the middle of what follows.
        self._over.set()
        self.signal = number
        runs = self.at_work()
        if runs:
            waiting = f"waiting for {', '.join(runs)}, to hand in what is done; that takes about 30 seconds"
        else:
            waiting = "no agent is at work; a look at GitHub that is under way comes to its end"
        # Past every buffer, since this may have come in the middle of a print.
        os.write(2, f"\nStopping: {waiting}. Once more (Ctrl-C) ends it at once.\n".encode())


@contextmanager
def interruptible() -> Iterator[Interruption]:
    interruption = Interruption()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interruption.hear) for number in numbers}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
