"""Preparing an environment for real: setup in the sandbox behind the proxy, once for each key; and sandboxes furnished with it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.adapters.environment.layers import Bounds, Kept, Layers, TooLarge, move, products_of
from bot.adapters.environment.machine import OFFLINE, PROGRAMS, Machine, debian_variables
from bot.adapters.environment.reading import tree_of
from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.egress import Egress, Resolve, resolved
from bot.adapters.sandbox.egress_rules import EgressLimits, EgressRules
from bot.adapters.sandbox.furnishing import Furnishing, Layer
from bot.adapters.sandbox.machine import give_away, handed_over, way
from bot.adapters.sandbox.process import Limits
from bot.adapters.sandbox.toolchains import Toolchains
from bot.core.environment import telling
from bot.core.environment.configured import Wishes, configured
from bot.core.environment.detection import detect
from bot.core.environment.facts import Environment, Trust
from bot.core.environment.gates import detect_gates
from bot.core.environment.key import LayerKey, layer_key
from bot.core.runs.run import GateCommand, GateResult
from bot.ports import Code, Outcome
from bot.ports.environments import Prepared, Unprepared

_PROGRAMS = Path(__file__).with_name("programs")
_MOST_READ = 200


@dataclass(frozen=True, kw_only=True)
class SetupLimits:
    time: timedelta = timedelta(minutes=30)
    disk: int = 10 * 1024**3
    """Bytes that the disk may lose while setup runs."""
    network: EgressLimits = field(default_factory=EgressLimits)
    commands: Limits = field(default_factory=lambda: Limits(memory=8 * 1024**3, processes=1024))
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, kw_only=True)
class SandboxedEnvironments:
    repository: str
    code: Code
    store: Path
    machine: Machine
    toolchains: Toolchains
    wishes: Wishes = field(default_factory=Wishes)
    limits: SetupLimits = field(default_factory=SetupLimits)
    work: Limits = field(default_factory=Limits)
    resolve: Resolve = resolved
    _read: dict[str, Environment] = field(default_factory=dict)

    def read(self, commit: str) -> Environment:
        known = self._read.get(commit)
        if known is None:
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            known = self._read[commit] = configured(detect(tree_of(self.code, commit)), self.wishes)
        return known

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
        files = environment.files
        own = head is not None and self.code.files(head, files) != self.code.files(base, files)
        commit, trust = (head, Trust.BRANCH) if own and head is not None else (base, Trust.BASE)
        if environment.empty:
            yield Prepared(sandbox=self._working(environment, None), environment=environment)
            return
        key, layers, began = self._key(environment, commit, trust), self._layers(trust), time.monotonic()
        with layers.using(key):
            kept, notes = layers.find(key), environment.notes
            reused = kept is not None
            if kept is None:
                with layers.alone(key):
                    made = layers.find(key) or self._made(environment, commit, key, cancelled, say)
                if isinstance(made, Unprepared):
                    yield made
                    return
                kept, notes = made if isinstance(made, tuple) else (made, notes)
            yield Prepared(
                sandbox=self._working(environment, kept.layer),
                environment=environment,
                products=kept.products,
                reused=reused,
                took=timedelta(seconds=time.monotonic() - began),
                notes=notes,
                key=key.digest,
                of_branch=trust is Trust.BRANCH,
            )

    def baseline(self, base: str) -> tuple[GateResult, ...] | None:
        try:
            told = json.loads(self._baseline_place(base).read_text())
            return tuple(GateResult(**one) for one in told)
        except (OSError, ValueError, TypeError):
            return None

    def keep_baseline(self, base: str, results: tuple[GateResult, ...]) -> None:
        place = self._baseline_place(base)
        place.parent.mkdir(parents=True, exist_ok=True)
        told = [{"gate": one.gate, "command": one.command, "passed": one.passed, "output": one.output} for one in results]
        part = place.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(place)

    def _layers(self, trust: Trust) -> Layers:
        """Those of branches in a folder apart, which no cache takes along."""
        match trust:
            case Trust.BASE:
                return Layers(root=self.store, bounds=self.limits.bounds)
            case Trust.BRANCH:
                return Layers(root=self.store.with_name(f"{self.store.name}-of-branches"), bounds=self.limits.bounds)

    def _baseline_place(self, commit: str) -> Path:
        """By what prepares it, too: the same commit in another environment may pass."""
        key = self._key(self.read(commit), commit, Trust.BASE)
        return self._layers(Trust.BASE).root / "baselines" / f"{key.digest}-{commit}.json"

    def _key(self, environment: Environment, commit: str, trust: Trust) -> LayerKey:
        contents = self.code.files(commit, environment.files)
        return layer_key(environment, contents, system=self.machine.system, repository=self.repository, trust=trust, commit=commit)

    def _working(self, environment: Environment, layer: Layer | None) -> Bubblewrap:
        furnishing = Furnishing(
            layer=layer,
            toolchains=self.toolchains,
            path=environment.path,
            variables={**OFFLINE, **self._unpacked(environment), **environment.variables},
            services=environment.services,
            readable=self.machine.readable_at_work(uv()),
            last=(f"{PROGRAMS}/tools",),
        )
        return Bubblewrap(limits=self.work, furnishing=furnishing)

    def _unpacked(self, environment: Environment) -> Mapping[str, str]:
        return debian_variables() if environment.packages or any("apt" in command for command in environment.setup) else {}

    def _made(
        self,
        environment: Environment,
        commit: str,
        key: LayerKey,
        cancelled: Callable[[], bool],
        say: Callable[[str], None],
    ) -> tuple[Kept, tuple[str, ...]] | Unprepared:
        began = time.monotonic()
        layers = self._layers(key.trust)
        workspace = self.code.workspace(commit, branch=None, author="groundskeeper")
        try:
            with layers.making(environment.writable) as place:
                layer = Layer(
                    products=place / "products",
                    home=place / "home",
                    beside={at: place / f"beside-{n}" for n, at in enumerate(environment.writable)},
                )
                if way().drops_root:
                    uid = handed_over(workspace.path.resolve())
                    for made in (layer.home, *layer.beside.values()):
                        give_away(made, uid)
                egress = self._egress(environment)
                failure = self._set_up(environment, layer, workspace.path, egress, cancelled, say)
                if failure is not None:
                    return failure
                products = products_of(workspace.path, self.code.listing(commit))
                move(products, workspace.path, layer.products)
                seconds = time.monotonic() - began
                kept = layers.keep(key, place, beside=environment.writable, products=products, seconds=seconds)
                return kept, (*environment.notes, *(f"{one}." for one in egress.refusals))
        except TooLarge as error:
            return Unprepared(why=f"The environment could not be kept: {error}.")
        finally:
            workspace.close()

    def _egress(self, environment: Environment) -> Egress:
        rules = EgressRules(
            hosts=(*environment.network, *self.machine.hosts),
            vouched=self.machine.vouched,
            upstream=self.machine.upstream,
            limits=self.limits.network,
        )
        return Egress(rules, resolve=self.resolve)

    def _set_up(
        self,
        environment: Environment,
        layer: Layer,
        workspace: Path,
        egress: Egress,
        cancelled: Callable[[], bool],
        say: Callable[[str], None],
    ) -> Unprepared | None:
        sandbox = Bubblewrap(
            limits=self.limits.commands,
            furnishing=Furnishing(
                making=layer,
                toolchains=self.toolchains,
                path=environment.path,
                variables={**self.machine.variables(), **self._unpacked(environment), **environment.variables},
                readable=self.machine.readable(_PROGRAMS, uv()),
                first=(f"{PROGRAMS}/setup",),
                last=(f"{PROGRAMS}/tools",),
                egress=egress,
            ),
        )
        if missing := _missing(sandbox, environment.tools, workspace):
            return Unprepared(why=telling.lacking(missing, environment.sources))
        packages = (f"apt-get install {' '.join(environment.packages)}",) if environment.packages else ()
        deadline = time.monotonic() + self.limits.time.total_seconds()
        free = shutil.disk_usage(workspace).free
        for command in (*packages, *environment.setup):
            say(f"setup: {command.splitlines()[0]}")
            outcome = self._one(sandbox, command, workspace, deadline, lambda: cancelled() or self._too_full(workspace, free))
            if egress.exhausted is not None:
                why = telling.too_much(egress.exhausted)
            elif outcome.exit_code == 0:
                continue
            elif outcome.timed_out or time.monotonic() >= deadline:
                why = telling.endless(command, int(self.limits.time.total_seconds() // 60))
            elif self._too_full(workspace, free):
                why = telling.filled(command, self.limits.disk // 1024**2)
            else:
                why = telling.failed(command, outcome.output, egress.refusals or egress.troubles)
            return Unprepared(why=why, output=outcome.output)
        return None

    def _one(self, sandbox: Bubblewrap, command: str, workspace: Path, deadline: float, cancelled: Callable[[], bool]) -> Outcome:
        left = max(deadline - time.monotonic(), 1.0)
        return sandbox.run(
            ["bash", "-eo", "pipefail", "-c", command],
            workspace=workspace,
            timeout=timedelta(seconds=left),
            environment={"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
            cancelled=cancelled,
        )

    def _too_full(self, workspace: Path, free: int) -> bool:
        return free - shutil.disk_usage(workspace).free > self.limits.disk


def uv() -> Path | None:
    """The one that came with the bot: a single program that needs nothing beside it."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    return Path(found).resolve() if found else None


def _missing(sandbox: Bubblewrap, tools: tuple[str, ...], workspace: Path) -> tuple[str, ...]:
    if not tools:
        return ()
    script = 'for tool in "$@"; do command -v "$tool" >/dev/null || echo "$tool"; done'
    outcome = sandbox.run(["bash", "-c", script, "tools", *tools], workspace=workspace, timeout=timedelta(minutes=1))
    return tuple(outcome.output.split()) if outcome.exit_code == 0 else ()
