"""The Protocol through which a repository's environment is read and made; what comes of it is a sandbox that is furnished with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.core.environment.facts import Environment
from bot.core.runs.run import GateCommand, GateResult
from bot.ports import Sandbox


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Good for as long as its block lasts."""

    sandbox: Sandbox
    environment: Environment
    products: tuple[str, ...] = ()
    """What lies over each checkout and is no part of the work: never to be committed."""
    reused: bool = False
    took: timedelta = timedelta()
    notes: tuple[str, ...] = ()
    """What people should know although it worked, such as a host that was refused."""
    key: str = ""
    of_branch: bool = False
    """Made of a branch's own files, and for it alone."""


@dataclass(frozen=True, kw_only=True)
class Unprepared:
    """`why` is one sentence that a maintainer can act on; `output` is what the command said."""

    why: str
    output: str = ""


class Environments(Protocol):
    def read(self, commit: str) -> Environment:
        """As the configuration says, and where it says nothing, as the commit's own files show. Runs nothing."""

    def gates(self, commit: str) -> tuple[GateCommand, ...]:
        """As the commit's own files show."""

    def prepared(
        self,
        base: str,
        *,
        head: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> AbstractContextManager[Prepared | Unprepared]:
        """By the base's own definition; made once and kept, where it was not. For a head whose files of the key differ it is made
        of that head, apart from all others. Raises `GitError`."""

    def baseline(self, base: str) -> tuple[GateResult, ...] | None:
        """What gates came to at this commit of the default branch; None where nobody looked yet on this machine."""

    def keep_baseline(self, base: str, results: tuple[GateResult, ...]) -> None: ...
