"""A repository on the embedded GitHub with its people and two apps, for the adapters to talk to over WSGI."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from bot.adapters.git.process import git
from bot.adapters.github.client import AppKey, Client, connect
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import UNLIMITED
from bot.adapters.github.projector import Projector
from bot.adapters.github.view import Reads
from bot.adapters.github.writes import Writes
from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.store.hub import Hub, open_hub
from tests.contract.watching import watched

NAME = "acme/garden"
PERMISSIONS = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "write",
    "metadata": "read",
    "organization_projects": "write",
}


@dataclass
class Watch:
    """The one clock of both sides; waiting moves it. It begins with today, since an app signs its name with the machine's own time."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    waited: list[float] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def wait(self, duration: timedelta) -> None:
        self.waited.append(duration.total_seconds())
        self.time += duration

    def sync(self, date_header: str | None) -> None:
        self.dates.append(date_header or "")


@dataclass
class HubRepository:
    hub: Hub
    watch: Watch
    bare: Path
    keys: dict[str, AppKey]
    governor: Governor

    @cached_property
    def transport(self) -> httpx.BaseTransport:
        return httpx.WSGITransport(app=watched(create_app(self.hub), self.hub))

    @cached_property
    def worker(self) -> Client:
        return self.connected(self.keys["worker"])

    @cached_property
    def reviewer(self) -> Client:
        return self.connected(self.keys["reviewer"])

    def connected(self, credential: str | AppKey, repository: str = NAME) -> Client:
        return connect(
            credential,
            repository=repository,
            governor=self.governor,
            clock=self.watch,
            base_url="http://hub.test",
            transport=self.transport,
        )

    def person(self, login: str) -> Client:
        return self.connected(seed.add_token(self.hub, login))

    def reads(self) -> Reads:
        return Reads(client=self.worker, collaborators=Collaborators(client=self.worker))

    def writes(self, *, alone: bool = False) -> Writes:
        return Writes(worker=self.worker, reviewer=None if alone else self.reviewer, projector=Projector(client=self.worker))

    def open_issue(self, title: str, *, by: str = "ann", body: str = "", labels: tuple[str, ...] = ()) -> int:
        client = self.person(by)
        number = int(client.rest("POST", "issues", body={"title": title, "body": body})["number"])
        if labels:
            client.rest("POST", f"issues/{number}/labels", body={"labels": list(labels)})
        return number

    def branch(self, name: str, **files: str) -> str:
        """A branch with one commit on top of main; its head."""
        names = {path.replace("__", "."): text for path, text in files.items()}
        stream = f"commit refs/heads/{name}\ncommitter A <a@example.org> 1795176000 +0000\ndata 5\nWork\n\nfrom refs/heads/main^0\n"
        stream += "".join(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in names.items())
        git("fast-import", "--quiet", "--force", "--done", cwd=self.bare, stdin=f"{stream}done\n".encode())
        return git("rev-parse", f"refs/heads/{name}", cwd=self.bare).text.strip()

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """As the owner, past our adapters' own words."""
        return self.person("ann").rest(method, path, body=body)


def founded(root: Path) -> dict[str, AppKey]:
    """The repository, its people and its apps, whose keys are the answer."""
    hub = open_hub(root, base_url="http://hub.test")
    seed.add_organization(hub, "acme")
    for login in ("ann", "bea", "mallory"):
        seed.add_user(hub, login)
    bare = seed.add_repository(hub, "acme", "garden")
    seed.set_role(hub, NAME, "ann", "admin")
    seed.set_role(hub, NAME, "bea", "write")
    keys = {}
    for slug in ("worker", "reviewer"):
        app = seed.add_app(hub, f"acme-{slug}", owner="acme", permissions=PERMISSIONS)
        seed.install_app(hub, app.id, "acme")
        keys[slug] = AppKey(app_id=app.id, private_key=app.private_key_pem)
    stream = b"commit refs/heads/main\ncommitter A <a@example.org> 1795176000 +0000\ndata 5\nFirst\n"
    stream += b"M 100644 inline parser.py\ndata 14\none\ntwo\nthree\n\ndone\n"
    git("fast-import", "--quiet", "--done", cwd=bare, stdin=stream)
    hub.close()
    return keys


def hub_repository(root: Path, keys: dict[str, AppKey]) -> HubRepository:
    watch = Watch()
    hub = open_hub(root, clock=watch.now, base_url="http://hub.test")
    bare = root / "repositories" / "acme" / "garden.git"
    return HubRepository(hub=hub, watch=watch, bare=bare, keys=keys, governor=Governor(clock=watch, limits=UNLIMITED))
