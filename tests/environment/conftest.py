"""A repository made of a few files, its environments, and a server of packages on loopback that setup reaches by a public-looking name."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.adapters.environment import machine
from bot.adapters.environment.preparing import SandboxedEnvironments, SetupLimits
from bot.adapters.git.code import GitCode
from bot.adapters.git.process import open_mirror
from bot.adapters.sandbox.machine import available
from bot.adapters.sandbox.toolchains import of_this_machine
from bot.core.environment.configured import Wishes
from bot.ports import Outcome
from bot.ports.environments import Prepared, Unprepared

LOOPBACK = ip_network("127.0.0.0/8")
SECONDS = timedelta(seconds=30)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    why = available()
    for item in items:
        if why is not None and "environment" in str(item.path) and "sandboxed" in item.keywords:
            item.add_marker(pytest.mark.skip(reason=f"no bubblewrap: {why}"))


@dataclass(kw_only=True)
class Repository:
    """What a person would have: a checkout to commit to, and the bot's environments of it."""

    root: Path
    limits: SetupLimits = field(default_factory=SetupLimits)
    wishes: Wishes = field(default_factory=Wishes)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What a name stands for, one answer after the other; the last stays."""
    asked: list[str] = field(default_factory=list)
    full_name: str = "garden/pots"
    machine: Mapping[str, str] = field(default_factory=dict)
    """What its owner says in its environment."""

    def commit(self, files: Mapping[str, str]) -> str:
        tree = self.root / "tree"
        if not tree.exists():
            tree.mkdir(parents=True)
            self._git("init", "-q", "-b", "main")
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        self._git("add", "-A")
        self._git("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-q", "--allow-empty", "-m", "Plant")
        self._git("push", "-q", "--force", str(self._mirror()), "main")
        return self._git("rev-parse", "HEAD")

    def environments(self, *, full_name: str | None = None) -> SandboxedEnvironments:
        toolchains = of_this_machine()
        here = replace(machine.of_this_machine({"PATH": os.environ["PATH"], **self.machine}, toolchains), vouched=(LOOPBACK,))
        return SandboxedEnvironments(
            repository=full_name or self.full_name,
            code=self.code,
            store=self.root / "layers",
            machine=here,
            toolchains=toolchains,
            wishes=self.wishes,
            limits=self.limits,
            resolve=self._resolve,
        )

    @property
    def code(self) -> GitCode:
        mirror = open_mirror(self._mirror(), str(self._mirror()), token=None)
        return GitCode(mirror=mirror, workspaces=self.root / "workspaces")

    def prepare(self, base: str, *, head: str | None = None) -> Prepared | Unprepared:
        with self.environments().prepared(base, head=head) as prepared:
            return prepared

    def run(self, base: str, *commands: str, head: str | None = None) -> list[Outcome]:
        """Each command in a checkout of its own, with the environment as a run has it."""
        with self.environments().prepared(base, head=head) as prepared:
            assert isinstance(prepared, Prepared), prepared
            return [self._in_a_checkout(prepared, head or base, command) for command in commands]

    def _in_a_checkout(self, prepared: Prepared, commit: str, command: str) -> Outcome:
        workspace = self.code.workspace(commit, branch="work", author="ann")
        try:
            return prepared.sandbox.run(["bash", "-c", command], workspace=workspace.path, timeout=SECONDS)
        finally:
            workspace.close()

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.names.get(host)
        if not answers:
            raise OSError("no such name")
        return [answers[min(self.asked.count(host), len(answers)) - 1]]

    def _mirror(self) -> Path:
        path = self.root / "mirror.git"
        if not path.exists():
            subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
        return path

    def _git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.root / "tree", check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(root=tmp_path)


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[int, list[str]]]:
    """Its port, and the paths it was asked for."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            answer(self)

        def do_CONNECT(self) -> None:
            heard.append(f"CONNECT {self.path}")
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(text: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


def asks(address: str) -> str:
    """A setup command that fetches an address as package managers do, by the proxy of its environment."""
    return f"""python3 -c '
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen("{address}", timeout=20).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(f"{{error.code}} {{error.read().decode()}}")
'"""
