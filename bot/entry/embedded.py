"""An embedded GitHub with what the bot needs on it: a repository, a person who may write, and both apps with their keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.adapters.github.client import AppKey
from bot.adapters.github.limits import UNLIMITED
from bot.adapters.github.permissions import GIT, REVIEWER, WORKER
from bot.entry.wiring import Settings
from bot.hub import seed
from bot.hub.serve import Served
from bot.hub.store.hub import Hub

_SLUGS = ("groundskeeper-worker", "groundskeeper-reviewer")


@dataclass(frozen=True, kw_only=True)
class Apps:
    """Both identities of the bot, installed on one account."""

    worker: AppKey
    reviewer: AppKey


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A repository of the hub, and with what each who works there signs in."""

    repository: str
    remote: Path
    """The bare repository; empty until somebody pushes."""
    person: str
    token: str
    """The person's."""
    apps: Apps

    def ask(self, served: Served, method: str, path: str, body: Any = None) -> Any:
        """The API, as the person asks it."""
        authorization = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{served.url}/repos/{self.repository}/{path}", json=body, headers=authorization, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def settings(self, served: Served, *, home: Path, model: str | None) -> Settings:
        """For `wire`: a hub of one's own asks for no patience."""
        return Settings(
            repository=self.repository,
            worker=self.apps.worker,
            reviewer=self.apps.reviewer,
            api_url=served.url,
            home=home,
            limits=replace(UNLIMITED, pause=timedelta(milliseconds=20)),
            model=model,
        )


def embed(
    hub: Hub,
    repository: str,
    *,
    person: str,
    name: str | None = None,
    email: str | None = None,
    description: str = "",
    private: bool = False,
    default_branch: str = "main",
) -> Embedded:
    """Everything is new: the organization that owns the repository, the person who administers it, the apps."""
    owner, _, short = repository.partition("/")
    seed.add_organization(hub, owner)
    seed.add_user(hub, person, name=name, email=email)
    apps, token = install_apps(hub, owner), seed.add_token(hub, person)
    remote = seed.add_repository(hub, owner, short, private=private, description=description, default_branch=default_branch)
    seed.set_role(hub, repository, person, "admin")
    return Embedded(repository=repository, remote=remote, person=person, token=token, apps=apps)


def install_apps(hub: Hub, owner: str) -> Apps:
    """Both apps with the permissions that `init` asks for, on all repositories of the account."""
    keys = []
    for slug, needed in zip(_SLUGS, ({**WORKER, **GIT}, REVIEWER), strict=True):
        app = seed.add_app(hub, slug, owner=owner, permissions=needed)
        seed.install_app(hub, app.id, owner)
        keys.append(AppKey(app_id=app.id, private_key=app.private_key_pem))
    return Apps(worker=keys[0], reviewer=keys[1])
