"""A repository as it is before the bot comes: an organization, who administers it, two apps, a checkout, a hub over TCP."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from bot.entry.cli import cli
from bot.entry.setup.apps import RIGHTS, AppRole
from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.serve import serving
from bot.hub.store.hub import Hub, open_hub
from tests.contract.watching import watched
from tests.messages_api import MessagesApi
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
NAME = "garden/pots"
SOURCE = f"keepers/groundskeeper@{'a' * 40}"


@dataclass(kw_only=True)
class Site:
    hub: Hub
    url: str
    checkout: Path
    bare: Path
    environment: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def shell(self, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """As a shell runs it in the checkout."""
        command = [sys.executable, "-m", "bot.entry.cli", *args]
        return subprocess.run(
            command, env={**self.environment, **environment}, cwd=self.checkout, capture_output=True, text=True, check=False
        )

    def run(self, command: str, *args: str, **environment: str) -> Result:
        """The same without a process of its own, for many small questions. What a person can mend is raised."""
        done = CliRunner().invoke(
            cli, [command, "--checkout", str(self.checkout), *args], env={**self.environment, **environment}, catch_exceptions=True
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def git(self, *args: str) -> str:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", f"http.extraHeader={self._header()}"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.checkout.parent), "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(["git", *who, *args], cwd=self.checkout, capture_output=True, text=True, check=True, env=environment)
        return done.stdout

    def publish(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        self.git("push", "-q", "origin", "HEAD:main")

    def ann(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.tokens['ann']}"}, timeout=PATIENCE)

    def get(self, path: str) -> Any:
        with self.ann() as ann:
            return ann.get(path).json()

    def send(self, method: str, path: str, body: Any) -> httpx.Response:
        with self.ann() as ann:
            return ann.request(method, path, json=body)

    def snapshot(self) -> Mapping[str, Any]:
        """All that could be left behind."""
        db = self.hub.db()
        refs = subprocess.run(["git", "for-each-ref"], cwd=self.bare, capture_output=True, text=True, check=True).stdout
        tables = (
            "labels",
            "variables",
            "secrets",
            "environments",
            "environment_secrets",
            "boards",
            "board_fields",
            "board_views",
            "protections",
        )
        rows = {table: sorted(str(tuple(row)) for row in db.execute(f"select * from {table}")) for table in tables}
        files = {str(path.relative_to(self.checkout)) for path in self.checkout.rglob("*") if ".git/" not in f"{path}/"}
        return rows | {"refs": refs, "files": sorted(files)}

    def _header(self) -> str:
        return "Authorization: Basic " + base64.b64encode(f"x-access-token:{self.tokens['ann']}".encode()).decode()

    def with_apps(self) -> dict[str, str]:
        """The environment of who has made and installed both apps, and has a key for the model."""
        keys = {"ANTHROPIC_API_KEY": "sk-ant-test"}
        for app_role in AppRole:
            permissions = {right.permission: right.level for right in RIGHTS[app_role]}
            app = seed.add_app(self.hub, f"gk-{app_role.value}", owner="garden", permissions=permissions)
            seed.install_app(self.hub, app.id, "garden")
            prefix = f"GROUNDSKEEPER_{app_role.name}"
            keys |= {f"{prefix}_APP_ID": str(app.id), f"{prefix}_PRIVATE_KEY": app.private_key_pem}
        return keys

    def with_users(self) -> dict[str, str]:
        """The same where two users stand in for the apps."""
        keys = {"ANTHROPIC_API_KEY": "sk-ant-test"}
        for app_role in AppRole:
            seed.add_user(self.hub, app_role.value)
            seed.set_role(self.hub, NAME, app_role.value, "write")
            keys[f"GROUNDSKEEPER_{app_role.name}_TOKEN"] = seed.add_token(self.hub, app_role.value)
        return keys


@pytest.fixture(scope="session")
def seedling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with one commit, to be copied."""
    made = tmp_path_factory.mktemp("seedling") / "pots"
    made.mkdir()
    (made / "README.md").write_text("# Pots\n")
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for args in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "First"]):
        subprocess.run(["git", *args], cwd=made, check=True)
    return made


@pytest.fixture
def site(tmp_path: Path, seedling: Path) -> Iterator[Site]:
    hub = open_hub(tmp_path / "hub")
    seed.add_organization(hub, "garden")
    bare = seed.add_repository(hub, "garden", "pots")
    tokens = {}
    for login, role in (("ann", "admin"), ("will", "write")):
        seed.add_user(hub, login)
        seed.set_role(hub, NAME, login, role)
        tokens[login] = seed.add_token(hub, login)
    checkout = tmp_path / "pots"
    shutil.copytree(seedling, checkout)
    with serving(hub, work=False, app=watched(create_app(hub), hub)) as served, MessagesApi().served() as messages:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "GH_TOKEN": tokens["ann"],
            "GITHUB_API_URL": served.url,
            "ANTHROPIC_BASE_URL": messages.url,
            "GROUNDSKEEPER_WRITE_PAUSE": "0",
        }
        made = Site(hub=hub, url=served.url, checkout=checkout, bare=bare, environment=environment, tokens=tokens)
        made.git("remote", "add", "origin", f"{served.url}/{NAME}.git")
        made.git("push", "-q", str(bare), "main")
        yield made
    hub.close()
