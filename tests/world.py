"""A small world for tests: the embedded GitHub in process, real git, a scripted model, our own clock, and the verbs of people."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from bot.adapters.clock import ServerClock
from bot.adapters.github.client import AppKey
from bot.adapters.github.limits import UNLIMITED, Limits
from bot.adapters.sandbox.bubblewrap import Bubblewrap, Unsandboxed
from bot.adapters.sandbox.machine import available
from bot.adapters.scripted import Scene, ScriptedModel, Step, step
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.record import Record, Run
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status, status_of
from bot.core.money.ledger import Ledger
from bot.core.roles.role import Role
from bot.entry.state_keys import signer_for
from bot.entry.wiring import Settings, Wired, wire
from bot.flows.context import Context
from bot.flows.fleet import work
from bot.flows.snapshot import read_snapshot
from bot.flows.ticking import Tick, tick
from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.changes import checks
from bot.hub.store.hub import Hub, open_hub
from bot.hub.web import faults
from bot.ports import RefState, Sandbox
from tests.contract.watching import watched

FULL_NAME = "garden/pots"
CONFIG = (
    "agents: 2\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
)
FILES = {"README.md": "# Pots\n", "pots.py": "def count():\n    return 1\n", ".github/groundskeeper.yml": CONFIG}


class WorldClock(ServerClock):
    """Stands still until somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = datetime(2026, 11, 21, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def wait(self, duration: timedelta) -> None:
        self.moment += duration

    def sync(self, date_header: str | None) -> None:
        """The hub's time is this clock's."""


class WallClock(WorldClock):
    """The machine's own time, for tests in which other processes take part; waiting still costs nothing."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def sandbox() -> Sandbox:
    return Bubblewrap() if available() is None else Unsandboxed()


def writes(path: str, text: str, report: str = "Did it", message: str = "Do it", **scene: Any) -> Scene:
    """An execution that writes one file, commits and finishes."""
    command = f"mkdir -p $(dirname {path}) && printf '%s' '{text}' > {path} && git add -A && git commit -qm '{message}'"
    return Scene(role=Role.EXECUTION, steps=(step("bash", command=command), step("finish", report=report)), **scene)


def judges(*, approve: bool = True, criteria: int = 1, findings: Sequence[Mapping[str, object]] = (), **scene: Any) -> Scene:
    """A review that looks once and answers."""
    judged = [{"criterion": f"C{place}", "met": approve or place > 1, "evidence": "I read the tree"} for place in range(1, criteria + 1)]
    summary = "It does what was asked." if approve else "Not yet."
    answer = step("verdict", approve=approve, summary=summary, judgements=judged, findings=list(findings))
    return Scene(role=Role.REVIEW, steps=(step("bash", command="ls"), answer), **scene)


@dataclass(kw_only=True)
class World:
    root: Path
    hub: Hub
    app: Flask
    clock: WorldClock
    model: ScriptedModel
    wired: Wired
    tokens: dict[str, str]
    settings: Settings
    pending: list[StartedRun] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)

    @property
    def context(self) -> Context:
        return self.wired.context

    @property
    def bare(self) -> Path:
        return self.hub.root / "repositories" / f"{FULL_NAME}.git"

    # What people do.

    def api(self, who: str, method: str, path: str, **options: Any) -> Any:
        """A call by a person, below the repository; the answer's JSON. Fails on an error status."""
        url = path if path.startswith("/") else f"/repos/{FULL_NAME}/{path}"
        answer = self.app.test_client().open(url, method=method, headers={"Authorization": f"Bearer {self.tokens[who]}"}, **options)
        assert answer.status_code < 400, f"{method} {url}: {answer.status_code} {answer.get_data(as_text=True)}"
        return answer.get_json(silent=True)

    def open_issue(self, title: str, *, body: str = "- [ ] It works", labels: Sequence[str] = ("agent:ready",), by: str = "ann") -> int:
        return int(self.api(by, "POST", "issues", json={"title": title, "body": body, "labels": list(labels)})["number"])

    def label(self, number: int, *labels: str, by: str = "ann") -> None:
        self.api(by, "POST", f"issues/{number}/labels", json={"labels": list(labels)})

    def unlabel(self, number: int, label: str, by: str = "ann") -> None:
        self.api(by, "DELETE", f"issues/{number}/labels/{label}")

    def check(self, conclusion: str = "success", *, name: str = "unit tests", log: str = "") -> int:
        """Reports a check on the head of every open pull request that does not have it yet; says how many."""
        heads = [pull["head"]["sha"] for pull in self.api("ann", "GET", "pulls?per_page=100")]
        bare_of = [head for head in heads if not self.api("ann", "GET", f"commits/{head}/check-runs?check_name={name}")["total_count"]]
        for head in bare_of:
            checks.report(self.hub, FULL_NAME, head, name, conclusion, log=log)
        return len(bare_of)

    # What the bot does.

    def tick(self, context: Context | None = None) -> Tick:
        done = tick(context or self.context)
        self.pending += done.started
        self.ticks.append(done)
        return done

    def work(self) -> list[Run | Refused]:
        """Carries out what ticks have started, one after the other."""
        waiting, self.pending = self.pending, []
        return [work(self.context, started) for started in waiting]

    def settle(self, *, rounds: int = 40, checks_pass: bool = True) -> None:
        """Ticks, works and passes checks until nothing moves any more."""
        for _ in range(rounds):
            done = self.tick()
            worked = self.work()
            checked = self.check() if checks_pass else 0
            if not (done.moved or worked or checked):
                return
        raise AssertionError(f"still moving after {rounds} rounds: {[one.summary for one in self.ticks[-1].applied]}")

    def another_process(self, name: str) -> Context:
        """The same bot on another machine: its own mirror, its own writer lock."""
        return self._wire(self.root / name).context

    def _wire(self, home: Path) -> Wired:
        return _wire(self.settings, home, self.model, self.clock)

    # What is true.

    def look_as(self, worker: str | AppKey) -> None:
        """Where another identity does the work, its signatures are the ones to believe."""
        signer = signer_for(worker, int(self.api("ann", "GET", f"/repos/{FULL_NAME}")["id"]))
        self.wired.refs.signer = self.wired.refs.reader.signer = signer

    def refs(self) -> RefState:
        return self.context.refs.read()

    def record(self, number: int) -> Record:
        return self.refs().records[number]

    def ledger(self) -> Ledger:
        return self.refs().ledger

    def phase_of(self, number: int) -> Phase:
        return self.status(number).phase

    def status(self, number: int) -> Status:
        """Of a project in play."""
        project = next(project for project in read_snapshot(self.context).snapshot.projects if project.number == number)
        return status_of(project, self.context.policy, self.clock.now())

    def is_closed(self, number: int) -> bool:
        return bool(self.api("ann", "GET", f"issues/{number}")["state"] == "closed")

    def comments(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.api("ann", "GET", f"issues/{number}/comments")]

    def pulls(self, state: str = "all") -> list[Any]:
        found: list[Any] = self.api("ann", "GET", f"pulls?state={state}&per_page=100&direction=asc")
        return found

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.api("ann", "GET", f"issues/{number}")["labels"]}

    def git(self, *args: str) -> str:
        return subprocess.run(["git", *args], cwd=self.bare, check=True, capture_output=True, text=True).stdout.strip()

    def fail_next(self, method: str, path: str, status: int, **more: Any) -> None:
        faults.fail_next(self.hub, method, path, status, **more)


def _wire(settings: Settings, home: Path, model: ScriptedModel, clock: WorldClock) -> Wired:
    return wire(replace(settings, home=home), model=model, clock=clock)


def plant(hub: Hub, files: Mapping[str, str]) -> Path:
    """The repository with its first commit, by one git process."""
    bare = seed.add_repository(hub, "garden", "pots", description="Pots, counted")
    who, message = f"Ann <ann@example.org> {int(hub.clock().timestamp())} +0000", "Plant the garden"
    stream = [f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n{message}\n"]
    stream += [f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n" for path, text in files.items()]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=bare, input="".join(stream).encode(), check=True)
    return bare


def make_world(
    root: Path,
    *,
    clock: WorldClock | None = None,
    files: Mapping[str, str] | None = None,
    config: str | None = None,
    scenes: Sequence[Scene] = (),
    limits: Limits = UNLIMITED,
    staff: Callable[[Hub], Mapping[str, str | AppKey]] = lambda _: {},
) -> World:
    """`staff` may hire others than the two users that are there by default."""
    clock = clock or WorldClock()
    hub = open_hub(root / "hub", clock=clock.now)
    seed.add_organization(hub, "garden")
    planted = {**FILES, **(files or {}), **({".github/groundskeeper.yml": config} if config is not None else {})}
    bare = plant(hub, planted)
    tokens = {}
    for login, role in (("ann", "write"), ("worker", "write"), ("reviewer", "write"), ("eve", "read"), ("tess", "triage")):
        seed.add_user(hub, login)
        seed.set_role(hub, FULL_NAME, login, role)
        tokens[login] = seed.add_token(hub, login)
    app = watched(create_app(hub), hub)
    model = ScriptedModel(scenes)
    hired = {**tokens, **staff(hub)}
    settings = Settings(
        repository=FULL_NAME,
        worker=hired["worker"],
        reviewer=hired["reviewer"],
        api_url="http://hub.test",
        git_url=str(bare),
        home=root / "home",
        limits=limits,
        transport=httpx.WSGITransport(app=app),
    )
    wired = _wire(settings, settings.home, model, clock)
    return World(root=root, hub=hub, app=app, clock=clock, model=model, wired=wired, tokens=tokens, settings=settings)


@contextmanager
def a_world(root: Path, **options: Any) -> Iterator[World]:
    """Fails at its end on a scene that was never played."""
    world = make_world(root, **options)
    yield world
    assert world.model.unused() == ()
    world.hub.close()


__all__ = ["Scene", "Step", "World", "a_world", "judges", "make_world", "step", "writes"]
