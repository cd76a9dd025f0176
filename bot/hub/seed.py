"""What a person does on GitHub's settings pages: accounts, repositories, roles, tokens, apps, protection."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.hub.changes import checks as change_checks
from bot.hub.changes import issues
from bot.hub.store import git, switches
from bot.hub.store.hub import Hub, stamp
from bot.hub.store.repositories import find_repository, repository_named

_TAKEN = frozenset(
    {
        "api",
        "repos",
        "user",
        "users",
        "orgs",
        "app",
        "apps",
        "graphql",
        "rate_limit",
        "installation",
        "search",
        "static",
        "login",
        "logout",
        "new",
        "settings",
        "organizations",
    }
)


_JOB_AREAS = ("actions", "checks", "contents", "deployments", "issues", "pull_requests", "statuses")


@dataclass(frozen=True, kw_only=True)
class NewApp:
    id: int
    slug: str
    bot_login: str
    private_key_pem: str


def add_user(hub: Hub, login: str, *, name: str | None = None, email: str | None = None, kind: str = "User") -> int:
    if login.lower() in _TAKEN:
        raise ValueError(f"{login} is a word of the API and cannot be an account's name")
    with hub.write() as db:
        row = db.execute(
            "insert into users (login, type, name, email, created_at) values (?, ?, ?, ?, ?) returning id",
            (login, kind, name, email, hub.now()),
        ).fetchone()
    return int(row["id"])


def add_organization(hub: Hub, login: str) -> int:
    return add_user(hub, login, kind="Organization")


def add_team(hub: Hub, organization: str, slug: str) -> None:
    """It can be asked for reviews in all repositories of the organization; who is in it is not kept here."""
    with hub.write() as db:
        db.execute("insert into teams (org_id, slug) values (?, ?)", (_id_of(hub, organization), slug))


def _id_of(hub: Hub, login: str) -> int:
    return int(hub.db().execute("select id from users where login = ?", (login,)).fetchone()["id"])


def repository_id(hub: Hub, full_name: str) -> int:
    return int(repository_named(hub.db(), full_name)["id"])


def add_repository(hub: Hub, owner: str, name: str, *, private: bool = False, description: str = "", default_branch: str = "main") -> Path:
    """The bare repository; it is empty until somebody pushes."""
    at = hub.now()
    with hub.write() as db:
        db.execute(
            "insert into repositories (owner_id, name, private, description, default_branch, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)",
            (_id_of(hub, owner), name, private, description, default_branch, at, at),
        )
    return git.init(hub.root / "repositories" / owner / f"{name}.git", default_branch)


def set_role(hub: Hub, full_name: str, login: str, role: str) -> None:
    with hub.write() as db:
        db.execute("insert or replace into collaborators values (?, ?, ?)", (repository_id(hub, full_name), _id_of(hub, login), role))


def add_token(hub: Hub, login: str) -> str:
    token = f"ghp_{secrets.token_hex(18)}"
    with hub.write() as db:
        db.execute("insert into tokens (token, user_id, kind) values (?, ?, 'pat')", (token, _id_of(hub, login)))
    return token


def add_app(hub: Hub, slug: str, *, owner: str, permissions: Mapping[str, str]) -> NewApp:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    bot = add_user(hub, f"{slug}[bot]", kind="Bot")
    with hub.write() as db:
        row = db.execute(
            "insert into apps (slug, name, owner_id, bot_id, client_id, public_key, permissions, created_at) values (?, ?, ?, ?, ?, ?, ?, ?) returning id",
            (slug, slug, _id_of(hub, owner), bot, f"Iv1.{secrets.token_hex(8)}", public, json.dumps(dict(permissions)), hub.now()),
        ).fetchone()
    return NewApp(id=int(row["id"]), slug=slug, bot_login=f"{slug}[bot]", private_key_pem=private)


def install_app(hub: Hub, app_id: int, account: str, *, repositories: Sequence[int] | None = None) -> int:
    """`repositories` are ids; left out, it is all of the account's."""
    with hub.write() as db:
        permissions = db.execute("select permissions from apps where id = ?", (app_id,)).fetchone()["permissions"]
        row = db.execute(
            "insert into installations (app_id, account_id, permissions, created_at, repositories) values (?, ?, ?, ?, ?) returning id",
            (app_id, _id_of(hub, account), permissions, hub.now(), None if repositories is None else json.dumps(list(repositories))),
        ).fetchone()
    return int(row["id"])


def add_job_token(hub: Hub, full_name: str, permissions: Mapping[str, str] | None = None) -> str:
    """A job's GITHUB_TOKEN: of github-actions[bot], for one repository, six hours. Without permissions it has the repository's default."""
    app_id, bot = change_checks.actions_app(hub)
    repo_id = repository_id(hub, full_name)
    with hub.write() as db:
        account = db.execute("select owner_id from repositories where id = ?", (repo_id,)).fetchone()["owner_id"]
        level = switches.get(db, repo_id, "default_workflow_permissions")
        given = dict(permissions) if permissions is not None else dict.fromkeys(_JOB_AREAS if level == "write" else ("contents",), level)
        seat = db.execute("select id from installations where app_id = ? and account_id = ?", (app_id, account)).fetchone()
        seat = (
            seat
            or db.execute(
                "insert into installations (app_id, account_id, permissions, created_at) values (?, ?, '{}', ?) returning id",
                (app_id, account, hub.now()),
            ).fetchone()
        )
        token = f"ghs_{secrets.token_hex(18)}"
        db.execute(
            "insert into tokens (token, user_id, kind, installation_id, permissions, repositories, expires_at) values (?, ?, ?, ?, ?, ?, ?)",
            (token, bot, "installation", seat["id"], json.dumps(given | {"metadata": "read"}), json.dumps([repo_id]), hub.later(6 * 3600)),
        )
    return token


def add_issues(
    hub: Hub, full_name: str, count: int, *, author: str, labels: Sequence[str] = (), age: timedelta = timedelta(hours=1)
) -> range:
    """Many open issues at once, labelled by their author `age` ago; nobody is told of them. Their numbers."""
    repo_id, author_id, at = repository_id(hub, full_name), _id_of(hub, author), stamp(hub.clock() - age)
    with hub.write() as db:
        last = db.execute(
            "update repositories set next_number = next_number + ? where id = ? returning next_number", (count, repo_id)
        ).fetchone()[0]
        numbers = range(last - count, last)
        db.executemany(
            "insert into issues (repo_id, number, title, body, author_id, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)",
            [(repo_id, number, f"Issue {number}", "- [ ] It works\n" * 20, author_id, at, at) for number in numbers],
        )
        made = "select id from issues where repo_id = ? and number >= ? and number < ?"
        for name in labels:
            db.execute("insert or ignore into labels (repo_id, name) values (?, ?)", (repo_id, name))
            label = db.execute("select * from labels where repo_id = ? and name = ?", (repo_id, name)).fetchone()
            data = json.dumps({"label": {"name": label["name"], "color": label["color"]}})
            db.execute(f"insert into issue_labels select id, ? from ({made})", (label["id"], repo_id, last - count, last))
            db.execute(
                f"insert into events (issue_id, actor_id, event, data, created_at) select id, ?, 'labeled', ?, ? from ({made})",
                (author_id, data, at, repo_id, last - count, last),
            )
    return numbers


def add_fork_pull(hub: Hub, full_name: str, login: str, branch: str, head: str, *, title: str) -> int:
    """A stranger's pull request from a branch of their own fork, which is deleted by now; `head` is a commit that this repository has."""
    owner, _, name = full_name.partition("/")
    with hub.write() as db:
        repo = find_repository(db, owner, name)
        assert repo is not None
        bare = hub.root / "repositories" / owner / f"{name}.git"
        base = str(repo["default_branch"])
        issue = issues.create_issue_row(db, repo, title, "", _id_of(hub, login), hub.now())
        db.execute(
            "insert into pulls (issue_id, head_ref, head_sha, base_ref, base_sha, fork_owner_id) values (?, ?, ?, ?, ?, ?)",
            (issue["id"], branch, head, base, git.resolve(bare, f"refs/heads/{base}"), _id_of(hub, login)),
        )
        git.move(bare, [(f"refs/pull/{issue['number']}/head", head, None)])
    return int(issue["number"])


def protect(
    hub: Hub, full_name: str, branch: str, *, required_checks: Sequence[str] = (), required_approvals: int = 0, dismiss_stale: bool = False
) -> None:
    checks = json.dumps([{"context": name, "app_id": None} for name in required_checks])
    with hub.write() as db:
        db.execute(
            "insert or replace into protections (repo_id, branch, required_checks, required_approvals, dismiss_stale) values (?, ?, ?, ?, ?)",
            (repository_id(hub, full_name), branch, checks, required_approvals, dismiss_stale),
        )


def add_hook(hub: Hub, full_name: str, url: str, *, secret: str | None, events: Sequence[str] = ("*",)) -> int:
    at = hub.now()
    with hub.write() as db:
        row = db.execute(
            "insert into hooks (repo_id, url, secret, events, created_at, updated_at) values (?, ?, ?, ?, ?, ?) returning id",
            (repository_id(hub, full_name), url, secret, json.dumps(list(events)), at, at),
        ).fetchone()
    return int(row["id"])


def add_app_hook(hub: Hub, app_id: int, url: str, *, secret: str | None, events: Sequence[str] = ("*",)) -> int:
    """The app's one webhook, which hears of every repository that the app is installed on."""
    at = hub.now()
    with hub.write() as db:
        row = db.execute(
            "insert into hooks (app_id, url, secret, events, created_at, updated_at) values (?, ?, ?, ?, ?, ?) returning id",
            (app_id, url, secret, json.dumps(list(events)), at, at),
        ).fetchone()
    return int(row["id"])
