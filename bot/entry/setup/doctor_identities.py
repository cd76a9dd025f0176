"""What `doctor` sees of the two identities: whether their credentials are taken, and may do what they must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from github import Auth, Github, GithubException, GithubIntegration

from bot.entry.config import Config
from bot.entry.keys import app_id, private_key
from bot.entry.setup import apps, settings
from bot.entry.setup.apps import Seat
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.entry.setup.place import Place, said


def examined(place: Place, config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    logins: dict[Seat, str] = {}
    for seat in Seat:
        yield from looked(seat.value, partial(_seat, place, config, environment, seat, logins))
    if len(logins) == 2:
        yield from _two(logins)


def _two(logins: Mapping[Seat, str]) -> Iterator[Finding]:
    worker, reviewer = logins[Seat.WORKER], logins[Seat.REVIEWER]
    if worker == reviewer:
        remedy = "Give the reviewer an app or a user of its own."
        yield wrong(
            "two identities", f"worker and reviewer are both {worker}, and GitHub lets nobody approve their own pull request", remedy
        )
    else:
        yield ok("two identities", f"{worker} works, {reviewer} reviews and merges")


def _seat(place: Place, config: Config, environment: Mapping[str, str], seat: Seat, logins: dict[Seat, str]) -> Iterator[Finding]:
    prefix = f"GROUNDSKEEPER_{seat.name}"
    token, app, key = (environment.get(f"{prefix}_{part}") for part in ("TOKEN", "APP_ID", "PRIVATE_KEY"))
    app = app or settings.variables(place).get(f"{prefix}_APP_ID")
    if token:
        yield from _by_token(place, seat, token, logins)
    elif app and key:
        yield from _by_app(place, config, seat, app, key, logins)
    else:
        why = f"secrets cannot be read back, and {prefix}_TOKEN or {prefix}_PRIVATE_KEY is not in the environment"
        yield not_seen(seat.value, why, "Run this once with it in the environment, to have it tried.")


def _by_token(place: Place, seat: Seat, token: str, logins: dict[Seat, str]) -> Iterator[Finding]:
    try:
        with place.connected(token) as github:
            repo = github.get_repo(place.repo.full_name)
            login = _login(github)
            scopes = github.oauth_scopes
    except GithubException as error:
        yield wrong(seat.value, f"its token is not taken: {said(error)}", "Make a new token and give it to `groundskeeper init`.")
        return
    logins[seat] = login
    if repo.permissions is None or not repo.permissions.push:
        yield wrong(seat.value, f"{login} may not write to {repo.full_name}", f"Give {login} the role Write in the repository.")
    elif scopes is not None and not {"repo", "public_repo"} & set(scopes):
        yield wrong(
            seat.value, f"the token of {login} lacks the scope `repo`", "Make a token with it, and give it to `groundskeeper init`."
        )
    else:
        yield ok(seat.value, f"{login}, by a token, may write")


def _login(github: Github) -> str:
    """`GET /user` is refused to apps' tokens; GraphQL tells them who they are."""
    return str(github.requester.graphql_query("{ viewer { login } }", {})[1]["data"]["viewer"]["login"])


def _by_app(place: Place, config: Config, seat: Seat, app: str, key: str, logins: dict[Seat, str]) -> Iterator[Finding]:
    again = "Look at the app's id and private key, and give them to `groundskeeper init`."
    prefix = f"GROUNDSKEEPER_{seat.name}"
    auth = Auth.AppAuth(app_id(f"{prefix}_APP_ID", app), private_key(f"{prefix}_PRIVATE_KEY", key))
    integration = GithubIntegration(
        auth=auth, base_url=place.api_url, retry=None, seconds_between_requests=None, seconds_between_writes=None
    )
    try:
        slug = integration.get_app().slug
        installation = integration.get_repo_installation(*place.repo.full_name.split("/"))
    except GithubException as error:
        if error.status == 404:
            yield wrong(seat.value, f"app {app} is not installed on {place.repo.full_name}", "Install it from the app's page.")
        else:
            yield wrong(seat.value, f"app {app} is not taken: {said(error)}", again)
        return
    finally:
        integration.close()
    logins[seat] = f"{slug}[bot]"
    lacks = apps.lacking(seat, installation.raw_data["permissions"], board=config.board is not None)
    if lacks:
        remedy = f"Add to the app's permissions, and accept them where it is installed: {', '.join(lacks)}."
        yield wrong(seat.value, f"{slug} lacks permissions", remedy)
    elif config.board is not None and seat is Seat.WORKER and not place.of_organization:
        yield wrong(seat.value, "apps cannot see a person's board", "Take `board:` out of the configuration, or let the worker be a user.")
    else:
        yield ok(seat.value, f"the app {slug} is installed with what it needs")
