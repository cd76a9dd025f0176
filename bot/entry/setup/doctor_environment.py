"""What `doctor` and `init` see by doing it: the environment is prepared on this machine, and the gates run in it, on the commit here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.adapters.git.code import GitCode
from bot.adapters.git.process import open_mirror
from bot.agents.gates import run_baseline
from bot.core.environment.telling import last_words
from bot.core.runs.run import GateCommand, GateResult
from bot.entry.config import Config, gates_of
from bot.entry.environments import environments_for, isolated
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.ports import Code, GitError
from bot.ports.environments import Environments, Prepared, Unprepared

_HOME = ".groundskeeper"
"""Where runs on this machine keep what is theirs; where it is there, layers are made for them too."""


def examined(checkout: Path, repository: str, config: Config) -> Iterator[Finding]:
    yield from looked("environment", partial(_examined, checkout, repository, config))


def _examined(checkout: Path, repository: str, config: Config) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="groundskeeper-") as place:
        try:
            mirror = open_mirror(Path(place) / "mirror.git", str(checkout.resolve()), token=None)
            mirror.git("fetch", "--quiet", "--no-tags", str(checkout.resolve()), "+HEAD:refs/heads/examined")
            commit = mirror.git("rev-parse", "refs/heads/examined").text.strip()
        except GitError as error:
            yield not_seen("environment", f"there is no commit to look at ({error})", "Run this in a checkout of the repository.")
            return
        code = GitCode(mirror=mirror, workspaces=Path(place) / "workspaces")
        kept = checkout / _HOME
        environments = environments_for(
            config,
            code,
            repository=repository,
            store=(kept if kept.is_dir() else Path(place)) / "layers",
            isolating=isolated(config.sandbox, scripted=False),
        )
        gates = gates_of(config)
        yield from _tried(environments, code, commit, environments.gates(commit) if gates is None else gates)


def _tried(environments: Environments, code: Code, commit: str, gates: tuple[GateCommand, ...]) -> Iterator[Finding]:
    with environments.prepared(commit) as prepared:
        if isinstance(prepared, Unprepared):
            yield wrong("environment", prepared.why, "Mend it, or say below `environment:` in the configuration how it is made.")
            return
        yield ok("environment", _made(prepared))
        if not gates:
            yield ok("gates", "none were found: only checks on GitHub judge the work. Name commands below `gates:` to have more")
            return
        checkout = code.workspace(commit, branch=None, author="groundskeeper")
        try:
            results = run_baseline(gates, prepared.sandbox, checkout.path, cancelled=lambda: False, say=lambda _: None)
        finally:
            checkout.close()
    yield from (_judged(result) for result in results)


def _made(prepared: Prepared) -> str:
    environment = prepared.environment
    if environment.empty:
        made = "nothing has to be installed"
    else:
        seconds = prepared.took.total_seconds()
        made = f"prepared in {seconds:.1f} s from {', '.join(environment.sources)}{', kept from before' if prepared.reused else ''}"
    services = f"; beside each command: {', '.join(service.name for service in environment.services)}" if environment.services else ""
    return " ".join([f"{made}{services}", *(f"({note})" for note in prepared.notes)])


def _judged(result: GateResult) -> Finding:
    if result.passed:
        return ok(f"gate {result.gate}", f"`{result.command}` passes")
    remedy = "Mend it, or name another command below `gates:`. Until then agents are told, and it is not held against their work."
    return wrong(f"gate {result.gate}", f"`{result.command}` fails{last_words(result.output)}", remedy)
