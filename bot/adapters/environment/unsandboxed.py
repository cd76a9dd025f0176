"""Environments where somebody switched the sandbox off: setup runs in each checkout, with the machine's own network and nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot.adapters.environment.reading import tree_of
from bot.adapters.sandbox.bubblewrap import Unsandboxed
from bot.adapters.sandbox.furnishing import Furnishing
from bot.core.environment import telling
from bot.core.environment.configured import Wishes, configured
from bot.core.environment.detection import detect
from bot.core.environment.facts import Environment
from bot.core.environment.gates import detect_gates
from bot.core.runs.run import GateCommand, GateResult
from bot.ports import Code, Outcome
from bot.ports.environments import Prepared, Unprepared

_TIME = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class SetUpFirst:
    """Sets each checkout up before its first command; where that fails, its words are the command's outcome."""

    setup: tuple[str, ...]
    sandbox: Unsandboxed
    _done: set[Path] = field(default_factory=set)

    @property
    def isolating(self) -> bool:
        return False

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
        if workspace not in self._done:
            for step in self.setup:
                made = self.sandbox.run(["bash", "-eo", "pipefail", "-c", step], workspace=workspace, timeout=_TIME, cancelled=cancelled)
                if made.exit_code != 0:
                    return replace(made, output=f"[setup failed at {step}]\n{made.output}")
            self._done.add(workspace)
        return self.sandbox.run(
            command, workspace=workspace, writable=writable, timeout=timeout, stdin=stdin, environment=environment, cancelled=cancelled
        )


@dataclass(frozen=True, kw_only=True)
class UnsandboxedEnvironments:
    code: Code
    wishes: Wishes = field(default_factory=Wishes)
    _baselines: dict[str, tuple[GateResult, ...]] = field(default_factory=dict)

    def read(self, commit: str) -> Environment:
        return configured(detect(tree_of(self.code, commit)), self.wishes)

    def gates(self, commit: str) -> tuple[GateCommand, ...]:
        return detect_gates(tree_of(self.code, commit), self.read(commit))

    @contextmanager
    def prepared(
        self,
        base: str,
        *,
        head: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Prepared | Unprepared]:
        environment = self.read(base)
        furnishing = Furnishing(path=environment.path, variables=environment.variables, services=environment.services)
        sandbox = SetUpFirst(setup=environment.setup, sandbox=Unsandboxed(furnishing=furnishing))
        if environment.packages:
            why = f"The sandbox is switched off, so {', '.join(environment.packages)} must be installed on this machine beforehand."
            environment = replace(environment, notes=(*environment.notes, why))
        if environment.setup and (failed := self._tried(sandbox, head or base, cancelled, say)) is not None:
            yield Unprepared(why=telling.failed("; ".join(environment.setup), failed.output, ()), output=failed.output)
            return
        yield Prepared(sandbox=sandbox, environment=environment, products=environment.path, notes=environment.notes)

    def _tried(self, sandbox: SetUpFirst, commit: str, cancelled: Callable[[], bool], say: Callable[[str], None]) -> Outcome | None:
        say("setup, unprotected")
        checkout = self.code.workspace(commit, branch=None, author="groundskeeper")
        try:
            outcome = sandbox.run(["true"], workspace=checkout.path, timeout=_TIME, cancelled=cancelled)
        finally:
            checkout.close()
        return None if outcome.exit_code == 0 else outcome

    def baseline(self, base: str) -> tuple[GateResult, ...] | None:
        return self._baselines.get(base)

    def keep_baseline(self, base: str, results: tuple[GateResult, ...]) -> None:
        self._baselines[base] = results
