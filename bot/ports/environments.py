"""The Protocol through which a repository's environment is read and made; what comes of it is a sandbox that is furnished with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.core.environment.facts import Environment, Trust
from bot.core.run import GateResult
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


@dataclass(frozen=True, kw_only=True)
class Unprepared:
    """`why` is one sentence that a maintainer can act on; `output` is what the command said."""

    why: str
    output: str = ""


class Environments(Protocol):
    def read(self, commit: str) -> Environment:
        """As the configuration says, and where it says nothing, as the commit's own files show. Runs nothing."""

    def prepared(
        self,
        commit: str,
        *,
        trust: Trust,
        cancelled: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> AbstractContextManager[Prepared | Unprepared]:
        """Made once and kept, where it was not. Raises `GitTrouble`."""

    def baseline(self, commit: str) -> tuple[GateResult, ...] | None:
        """What gates came to at this commit of the default branch; None where nobody looked yet on this machine."""

    def keep_baseline(self, commit: str, results: tuple[GateResult, ...]) -> None: ...
