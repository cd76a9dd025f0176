"""Every Protocol through which the inside reaches the outside: GitHub reads and writes, Refs, Workspace, Model, Sandbox, Clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.core.conversation import Reply, Request
from bot.core.money import Price


class Clock(Protocol):
    def now(self) -> datetime:
        """The time that decisions use, aware, UTC: GitHub's own where it is known."""

    def wait(self, duration: timedelta) -> None: ...


class Model(Protocol):
    def price(self, model: str) -> Price:
        """Raises `ModelTrouble` (UNPRICED) where the price is not known: nothing may be sent to such a model."""

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        """One answer. Raises `ModelTrouble`; gives up within seconds, as CANCELLED, when `cancelled()` turns true."""

    @property
    def scripted(self) -> bool:
        """True for a model that plays a scenario file; said wherever its work is shown."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command in the sandbox did. `exit_code` is None when it was killed at its time limit or by cancellation."""

    exit_code: int | None
    output: str
    """Standard output and error as they came, cut in the middle past the sandbox's output limit."""
    timed_out: bool = False


class Sandbox(Protocol):
    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Runs with `workspace` as the only writable place (read-only when not `writable`), seen there as /workspace,
        no network, no inherited environment; the whole process group is killed at the limit."""

    @property
    def isolating(self) -> bool:
        """False where nothing separates the command from this machine."""


class Workspace(Protocol):
    """A checkout for one run, in a directory that only the sandbox works in."""

    @property
    def path(self) -> Path:
        """Mounted as /workspace in the sandbox; the repository is the directory itself."""

    def close(self) -> None: ...
