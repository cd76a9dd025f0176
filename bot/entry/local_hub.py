"""The hub that stays on this machine: its one person and two apps with their keys, and checkouts that become repositories of it."""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.github.client import AppKey
from bot.core.errors.user_errors import UserError
from bot.entry.embedded import Apps, install_apps
from bot.entry.own_code import Checkout
from bot.hub import seed
from bot.hub.store.hub import Hub
from bot.hub.store.repositories import find_repository

OWNER = "local"
"""The organization that every added checkout belongs to: an app sees boards of organizations only."""
_KEPT = "credentials.json"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Who lives on this hub. The hub itself knows only the apps' public keys, as GitHub does."""

    person: str
    token: str
    apps: Apps


def credentials(hub: Hub) -> Credentials:
    """Made the first time, and kept beside the hub where only its owner can read them."""
    place = hub.root / _KEPT
    if place.exists():
        return _read(place)
    person = _login()
    for login, make in ((OWNER, seed.add_organization), (person, seed.add_user)):
        if hub.db().execute("select 1 from users where login = ?", (login,)).fetchone() is None:
            make(hub, login)
    made = Credentials(person=person, token=seed.add_token(hub, person), apps=install_apps(hub, OWNER))
    text = json.dumps({"person": person, "token": made.token, "worker": _app(made.apps.worker), "reviewer": _app(made.apps.reviewer)})
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return made


def add(hub: Hub, checkout: Checkout, name: str | None) -> str:
    """The full name. What is there already gets the newer commits, where they follow on its own. Raises `UserError`."""
    person = credentials(hub).person
    name = name or repository_name(checkout.root)
    full_name = f"{OWNER}/{name}"
    if find_repository(hub.db(), OWNER, name) is None:
        seed.add_repository(hub, OWNER, name, default_branch=checkout.branch)
        seed.set_role(hub, full_name, person, "admin")
    checkout.copy_to(hub.root / "repositories" / OWNER / f"{name}.git")
    return full_name


def environment(found: Credentials, full_name: str, url: str) -> Iterator[str]:
    """Lines for a shell. A key's line breaks are written as `\\n`, which whatever reads them undoes."""
    values = {"GITHUB_API_URL": url, "GROUNDSKEEPER_REPOSITORY": full_name, "GH_TOKEN": found.token}
    for part, key in (("WORKER", found.apps.worker), ("REVIEWER", found.apps.reviewer)):
        values |= {
            f"GROUNDSKEEPER_{part}_APP_ID": str(key.app_id),
            f"GROUNDSKEEPER_{part}_PRIVATE_KEY": key.private_key.strip().replace("\n", "\\n"),
        }
    for name, value in values.items():
        yield f"{name}='{value}'"


def repository_name(root: Path) -> str:
    """As GitHub would have it: of letters, digits, dots, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", root.name).strip(".-").removesuffix(".git") or "repository"


def _login() -> str:
    login = re.sub(r"[^a-z0-9-]+", "-", getpass.getuser().lower()).strip("-")
    return "you" if login in ("", OWNER) else login


def _app(key: AppKey) -> dict[str, str | int]:
    return {"id": key.app_id, "key": key.private_key}


def _read(place: Path) -> Credentials:
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        worker, reviewer = (AppKey(app_id=int(kept[part]["id"]), private_key=str(kept[part]["key"])) for part in ("worker", "reviewer"))
        return Credentials(person=str(kept["person"]), token=str(kept["token"]), apps=Apps(worker=worker, reviewer=reviewer))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{place} cannot be read: {error}. `--root` with a new folder begins a new hub.") from None
