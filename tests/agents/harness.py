"""A harness for agents: a real repository, the sandbox of this machine, a scripted model, a clock that moves when told."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adapters.sandbox.bubblewrap import Bubblewrap, Unsandboxed
from bot.adapters.sandbox.machine import available
from bot.adapters.scripted import Line, Scene, ScriptedModel
from bot.agents.run import run_brief
from bot.agents.run_ports import Fresh, Progress, RunPorts
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.core.runs.criteria import Criterion
from bot.core.runs.run import Brief, Bundle, Grant
from bot.ports import Model

PROMPTS = {path.stem: path.read_text() for path in (Path(__file__).parents[2] / "prompts").glob("*.md")}
BUGGY = "def lines(text):\n    return text.splitlines()[:-1]\n"
FIXED = "def lines(text):\n    return text.splitlines()\n"


def git(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=path,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    waited: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def wait(self, duration: timedelta) -> None:
        self.waited.append(duration.total_seconds())
        self.at += duration


@dataclass(frozen=True)
class Checkout:
    path: Path

    def close(self) -> None: ...


@dataclass
class Harness:
    path: Path
    base: str
    clock: Clock = field(default_factory=Clock)
    saved: list[str] = field(default_factory=list)
    seen: list[Progress] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False
    products: tuple[str, ...] = ()
    sandbox: Bubblewrap | Unsandboxed = field(default_factory=lambda: Bubblewrap() if available() is None else Unsandboxed())

    def brief(self, role: Role = Role.EXECUTION, **over: Any) -> Brief:
        brief = Brief(
            run="run-1",
            role=role,
            agent=3,
            number=7,
            cycle=1,
            title="Parser loses the last line",
            body="`lines('a\\nb')` gives one line only.",
            discussion=(),
            criteria=(Criterion(text="The last line is kept"), Criterion(text="A test shows it")),
            base=self.base,
            head=None,
            branch="agent-3/project-7",
            model="scripted",
            grant=Grant(money=usd(5), steps=20, time=timedelta(minutes=30)),
        )
        return replace(brief, **over)

    def ports(self, model: Model) -> RunPorts:
        return RunPorts(
            model=model,
            sandbox=self.sandbox,
            workspace=Checkout(self.path),
            clock=self.clock,
            prompts=PROMPTS,
            products=self.products,
            fresh=self.fresh,
            cancelled=self.cancelled,
            save=self.saved.append,
            watch=self.seen.append,
        )

    @contextmanager
    def fresh(self, bundle: bytes, head: str) -> Iterator[Fresh | str]:
        with tempfile.TemporaryDirectory(dir=self.path.parent) as place:
            carried, checkout = Path(place) / "carried.bundle", Path(place) / "fresh"
            carried.write_bytes(bundle)
            shutil.copytree(self.path, checkout)  # git clones from no folder of somebody else's, and the sandbox's user is one
            git(checkout, "reset", "--quiet", "--hard", self.base)
            git(checkout, "clean", "-ffdxq")
            git(checkout, "fetch", "--quiet", str(carried), "HEAD")
            git(checkout, "checkout", "--quiet", "--detach", head)
            paths = git(checkout, "diff", "--name-only", self.base, head).splitlines()
            yield Fresh(sandbox=self.sandbox, workspace=Checkout(checkout), paths=tuple(paths))

    def run(self, brief: Brief, *lines: Line, leftover: bool = False) -> Bundle:
        """Plays the lines; fails on any that nobody asked for."""
        model = ScriptedModel([Scene(role=brief.role, steps=tuple(lines))])
        bundle = run_brief(brief, self.ports(model))
        assert leftover or not model.unused()
        return bundle

    def log_of(self, bundle: Bundle, tmp: Path) -> Sequence[str]:
        """Subjects of the commits that the bundle carries, newest first, as a clone of the base sees them."""
        assert bundle.git_bundle is not None
        assert bundle.head is not None
        file = tmp / "carried.bundle"
        file.write_bytes(bundle.git_bundle)
        git(self.path, "fetch", "--quiet", str(file), "HEAD:refs/carried")
        assert git(self.path, "rev-parse", "refs/carried") == bundle.head
        return git(self.path, "log", "--format=%s", f"{self.base}..{bundle.head}").splitlines()


def open_workshop(tmp_path: Path) -> Harness:
    path = tmp_path / "checkout"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "parser.py").write_text(BUGGY)
    git(path, "add", "-A")
    git(path, "commit", "--quiet", "-m", "Begin")
    base = git(path, "rev-parse", "HEAD")
    git(path, "switch", "--quiet", "--create", "agent-3/project-7")
    return Harness(path=path, base=base)
