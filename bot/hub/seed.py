"""What a person does in GitHub's settings pages: accounts, repositories, roles, tokens, apps, protection."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.hub import repos
from bot.hub.hub import Hub
from bot.hub.web import ROLES


@dataclass(frozen=True, kw_only=True)
class NewApp:
    id: int
    slug: str
    bot_login: str
    private_key_pem: str = field(repr=False)


class Refused(Exception):
    """What the settings page would not accept."""


def add_user(hub: Hub, login: str, *, name: str | None = None, email: str | None = None) -> int:
    return _account(hub, login, "User", name, email)


def add_organization(hub: Hub, login: str) -> int:
    return _account(hub, login, "Organization", None, None)


def _account(hub: Hub, login: str, kind: str, name: str | None, email: str | None) -> int:
    if login.lower() in repos.RESERVED:
        raise Refused(f"Username {login!r} is a reserved word.")
    with hub.write() as db:
        if db.execute("select 1 from users where login = ?", (login,)).fetchone():
            raise Refused(f"Username {login!r} is not available.")
        made = db.execute(
            "insert into users (login, type, name, email, created_at) values (?, ?, ?, ?, ?)", (login, kind, name, email, hub.now())
        )
        return int(made.lastrowid or 0)


def user_id(hub: Hub, login: str) -> int:
    row = hub.db().execute("select id from users where login = ?", (login,)).fetchone()
    if row is None:
        raise Refused(f"There is no account {login!r}.")
    return int(row["id"])


def repository_id(hub: Hub, full_name: str) -> int:
    owner, _, name = full_name.partition("/")
    row = hub.db().execute("select id from repositories where owner_id = ? and name = ?", (user_id(hub, owner), name)).fetchone()
    if row is None:
        raise Refused(f"There is no repository {full_name!r}.")
    return int(row["id"])


def add_repository(hub: Hub, owner: str, name: str, *, private: bool = False, description: str = "", default_branch: str = "main") -> Path:
    """The bare repository; pushing to it by path is noticed as any push is."""
    if not repos.NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name for a repository.")
    with hub.write() as db:
        owner_id = user_id(hub, owner)
        row = repos.create(hub, db, owner_id, name, private=private, description=description, default_branch=default_branch)
    path: Path = hub.root / "repositories" / row["owner"] / f"{row['name']}.git"
    return path


def set_role(hub: Hub, full_name: str, login: str, role: str) -> None:
    if role not in ROLES:
        raise Refused(f"{role!r} is not one of {', '.join(ROLES)}.")
    where = (repository_id(hub, full_name), user_id(hub, login))
    with hub.write() as db:
        db.execute("delete from collaborators where repo_id = ? and user_id = ?", where)
        if role != "none":
            db.execute("insert into collaborators (repo_id, user_id, role) values (?, ?, ?)", (*where, role))


def add_token(hub: Hub, login: str) -> str:
    token = f"ghp_{secrets.token_hex(18)}"
    with hub.write() as db:
        db.execute("insert into tokens (token, user_id, kind) values (?, ?, 'pat')", (token, user_id(hub, login)))
    return token


def add_app(hub: Hub, slug: str, *, owner: str, permissions: Mapping[str, str]) -> NewApp:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    login = f"{slug}[bot]"
    with hub.write() as db:
        bot_id = db.execute("insert into users (login, type, created_at) values (?, 'Bot', ?)", (login, hub.now())).lastrowid
        app_id = db.execute(
            "insert into apps (slug, name, owner_id, bot_id, client_id, public_key, permissions, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (slug, slug, user_id(hub, owner), bot_id, f"Iv1.{secrets.token_hex(8)}", public, json.dumps(dict(permissions)), hub.now()),
        ).lastrowid
        db.execute("update users set app_id = ? where id = ?", (app_id, bot_id))
    return NewApp(id=int(app_id or 0), slug=slug, bot_login=login, private_key_pem=pem)


def install_app(hub: Hub, app_id: int, account_login: str, *, repositories: Iterable[str] | None = None) -> int:
    """Installed on all repositories of the account, or on those named (`owner/name`)."""
    chosen = None if repositories is None else json.dumps([repository_id(hub, name) for name in repositories])
    with hub.write() as db:
        granted = db.execute("select permissions from apps where id = ?", (app_id,)).fetchone()["permissions"]
        made = db.execute(
            "insert into installations (app_id, account_id, permissions, created_at, repositories) values (?, ?, ?, ?, ?)",
            (app_id, user_id(hub, account_login), granted, hub.now(), chosen),
        )
        return int(made.lastrowid or 0)


def protect(
    hub: Hub,
    full_name: str,
    branch: str,
    *,
    required_checks: Iterable[str] = (),
    required_approvals: int = 0,
    dismiss_stale: bool = False,
    app_id: int | None = None,
) -> None:
    """Branch protection; `app_id` binds the required checks to the one app that may report them."""
    checks = json.dumps([{"context": name, "app_id": app_id} for name in required_checks])
    with hub.write() as db:
        db.execute(
            "insert or replace into protections (repo_id, branch, required_checks, required_approvals, dismiss_stale) values (?, ?, ?, ?, ?)",
            (repository_id(hub, full_name), branch, checks, required_approvals, dismiss_stale),
        )
