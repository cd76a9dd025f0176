"""A small GitHub for each test: one repository, some people, two apps, a clock that stands still until it is moved."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.store.hub import Hub, open_hub
from tests.contract.watching import watched

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORKER = {
    "issues": "write",
    "pull_requests": "write",
    "contents": "write",
    "checks": "write",
    "statuses": "write",
    "metadata": "read",
    "actions": "write",
    "actions_variables": "write",
    "repository_hooks": "write",
}


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class World:
    hub: Hub
    clock: Clock
    transport: httpx.WSGITransport
    repository: Path
    tokens: dict[str, str] = field(default_factory=dict)
    apps: dict[str, seed.NewApp] = field(default_factory=dict)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, authorization: str = "", **headers: str) -> httpx.Client:
        given = {"Authorization": authorization} if authorization else {}
        return httpx.Client(transport=self.transport, base_url=self.hub.base_url, headers=given | headers)

    def as_(self, login: str) -> httpx.Client:
        """A client of a person (by a token of theirs) or of an app's installation (by its slug)."""
        if login not in self._clients:
            if login not in self.tokens:
                self.tokens[login] = seed.add_token(self.hub, login)
            self._clients[login] = self.client(f"Bearer {self.tokens[login]}")
        return self._clients[login]

    @property
    def ada(self) -> httpx.Client:
        return self.as_("ada")

    def add_app(self, slug: str, permissions: dict[str, str] | None = None, **chosen: Any) -> httpx.Client:
        """An app installed on ada's account, and a client with its installation's token."""
        app = seed.add_app(self.hub, slug, owner="ada", permissions=permissions or WORKER)
        self.apps[slug] = app
        number = seed.install_app(self.hub, app.id, "ada")
        made = self.app_client(slug).post(f"/app/installations/{number}/access_tokens", json=chosen)
        assert made.status_code == 201, made.text
        self.tokens[slug] = made.json()["token"]
        return self.as_(slug)

    def app_client(self, slug: str) -> httpx.Client:
        """A client that signs as the app itself."""
        app, at = self.apps[slug], int(self.clock().timestamp())
        assertion = jwt.encode({"iat": at - 60, "exp": at + 540, "iss": str(app.id)}, app.private_key_pem, algorithm="RS256")
        return self.client(f"Bearer {assertion}")

    def push(self, files: dict[str, str], *, branch: str = "main", message: str = "Change files", onto: str | None = None) -> str:
        """Commits files on a branch, straight into the bare repository; answers the commit."""

        def git(*arguments: str, text: str = "") -> str:
            done = subprocess.run(
                ["git", "-C", str(self.repository), *arguments], input=text, capture_output=True, text=True, check=True, env=_ENVIRONMENT
            )
            return done.stdout.strip()

        parent = git("rev-parse", "--verify", "-q", onto or branch) if _has(self.repository, onto or branch) else ""
        entries = {}
        for line in git("ls-tree", "-r", parent).splitlines() if parent else []:
            about, path = line.split("\t")
            entries[path] = about
        for path, text in files.items():
            entries[path] = f"100644 blob {git('hash-object', '-w', '--stdin', text=text)}"
        index = self.hub.root / "scratch-index"
        index.unlink(missing_ok=True)
        listing = "".join(f"{about.split()[0]} {about.split()[2]}\t{path}\n" for path, about in entries.items())
        done = subprocess.run(
            ["git", "-C", str(self.repository), "update-index", "--add", "--index-info"],
            input=listing,
            text=True,
            check=True,
            env=_ENVIRONMENT | {"GIT_INDEX_FILE": str(index)},
        )
        assert done.returncode == 0
        tree = subprocess.run(
            ["git", "-C", str(self.repository), "write-tree"],
            capture_output=True,
            text=True,
            check=True,
            env=_ENVIRONMENT | {"GIT_INDEX_FILE": str(index)},
        ).stdout.strip()
        commit = git("commit-tree", tree, *(("-p", parent) if parent else ()), "-m", message)
        git("update-ref", f"refs/heads/{branch}", commit)
        return commit


_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin:/usr/local/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-03-01T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-03-01T12:00:00Z",
}


def _has(repository: Path, revision: str) -> bool:
    asked = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "--verify", "-q", revision], capture_output=True, env=_ENVIRONMENT, check=False
    )
    return asked.returncode == 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(tmp_path: Path, clock: Clock) -> Iterator[Hub]:
    hub = open_hub(tmp_path / "hub", clock=clock)
    yield hub
    hub.close()


@pytest.fixture
def world(hub: Hub, clock: Clock) -> World:
    """ada owns ada/engine; tess may triage, will may write, rita may only read."""
    for login in ("ada", "tess", "will", "rita"):
        seed.add_user(hub, login, name=login.title(), email=f"{login}@example.org")
    repository = seed.add_repository(hub, "ada", "engine", description="An engine")
    for login, role in (("tess", "triage"), ("will", "write"), ("rita", "read")):
        seed.set_role(hub, "ada/engine", login, role)
    return World(hub=hub, clock=clock, transport=httpx.WSGITransport(app=watched(create_app(hub), hub)), repository=repository)
