"""What `doctor` sees of the two identities: whether their credentials are taken, and may do what they must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from github import Auth, Github, GithubException, GithubIntegration

from bot.entry.app_keys import app_id, private_key
from bot.entry.config import Config
from bot.entry.setup import apps, settings
from bot.entry.setup.apps import AppRole
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.entry.setup.target import Target, said


def examined(target: Target, config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    logins: dict[AppRole, str] = {}
    for app_role in AppRole:
        yield from looked(app_role.value, partial(_app_role, target, config, environment, app_role, logins))
    if len(logins) == 2:
        yield from _two(logins)


def _two(logins: Mapping[AppRole, str]) -> Iterator[Finding]:
    worker, reviewer = logins[AppRole.WORKER], logins[AppRole.REVIEWER]
    if worker == reviewer:
        remedy = "Give the reviewer an app or a user of its own."
        yield wrong(
            "two identities", f"worker and reviewer are both {worker}, and GitHub lets nobody approve their own pull request", remedy
        )
    else:
        yield ok("two identities", f"{worker} works, {reviewer} reviews and merges")


def _app_role(
    target: Target, config: Config, environment: Mapping[str, str], app_role: AppRole, logins: dict[AppRole, str]
) -> Iterator[Finding]:
    prefix = f"GROUNDSKEEPER_{app_role.name}"
    token, app, key = (environment.get(f"{prefix}_{part}") for part in ("TOKEN", "APP_ID", "PRIVATE_KEY"))
    app = app or settings.variables(target).get(f"{prefix}_APP_ID")
    if token:
        yield from _by_token(target, app_role, token, logins)
    elif app and key:
        yield from _by_app(target, config, app_role, app, key, logins)
    else:
        why = f"secrets cannot be read back, and {prefix}_TOKEN or {prefix}_PRIVATE_KEY is not in the environment"
        yield not_seen(app_role.value, why, "Run this once with it in the environment, to have it tried.")


def _by_token(target: Target, app_role: AppRole, token: str, logins: dict[AppRole, str]) -> Iterator[Finding]:
    try:
        with target.connected(token) as github:
            repo = github.get_repo(target.repo.full_name)
            login = _login(github)
            scopes = github.oauth_scopes
    except GithubException as error:
        yield wrong(app_role.value, f"its token is not taken: {said(error)}", "Make a new token and give it to `groundskeeper init`.")
        return
    logins[app_role] = login
    if repo.permissions is None or not repo.permissions.push:
        yield wrong(app_role.value, f"{login} may not write to {repo.full_name}", f"Give {login} the role Write in the repository.")
    elif scopes is not None and not {"repo", "public_repo"} & set(scopes):
        yield wrong(
            app_role.value, f"the token of {login} lacks the scope `repo`", "Make a token with it, and give it to `groundskeeper init`."
        )
    else:
        yield ok(app_role.value, f"{login}, by a token, may write")


def _login(github: Github) -> str:
    """`GET /user` is refused to apps' tokens; GraphQL tells them who they are."""
    return str(github.requester.graphql_query("{ viewer { login } }", {})[1]["data"]["viewer"]["login"])


def _by_app(target: Target, config: Config, app_role: AppRole, app: str, key: str, logins: dict[AppRole, str]) -> Iterator[Finding]:
    again = "Look at the app's id and private key, and give them to `groundskeeper init`."
    prefix = f"GROUNDSKEEPER_{app_role.name}"
    auth = Auth.AppAuth(app_id(f"{prefix}_APP_ID", app), private_key(f"{prefix}_PRIVATE_KEY", key))
    integration = GithubIntegration(
        auth=auth, base_url=target.api_url, retry=None, seconds_between_requests=None, seconds_between_writes=None
    )
    try:
        slug = integration.get_app().slug
        installation = integration.get_repo_installation(*target.repo.full_name.split("/"))
    except GithubException as error:
        if error.status == 404:
            yield wrong(app_role.value, f"app {app} is not installed on {target.repo.full_name}", "Install it from the app's page.")
        else:
            yield wrong(app_role.value, f"app {app} is not taken: {said(error)}", again)
        return
    finally:
        integration.close()
    logins[app_role] = f"{slug}[bot]"
    lacks = apps.lacking(app_role, installation.raw_data["permissions"], board=config.board is not None)
    if lacks:
        remedy = f"Add to the app's permissions, and accept them where it is installed: {', '.join(lacks)}."
        yield wrong(app_role.value, f"{slug} lacks permissions", remedy)
    elif config.board is not None and app_role is AppRole.WORKER and not target.of_organization:
        yield wrong(
            app_role.value, "apps cannot see a person's board", "Take `board:` out of the configuration, or let the worker be a user."
        )
    else:
        yield ok(app_role.value, f"the app {slug} is installed with what it needs")
