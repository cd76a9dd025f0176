"""Where the bot is set up: a checkout, its repository on GitHub, and who asks for it there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from github import Auth, Github, GithubException, GithubRetry
from github.Repository import Repository
from requests import RequestException

from bot.core.errors.user_errors import UserError
from bot.entry.checkout import repository_of
from bot.ports import GitHubError, GitHubErrorKind


@dataclass(frozen=True, kw_only=True)
class Target:
    """`boards` asks for boards: with a token of its own where one is given, which `has_board_token` says."""

    checkout: Path
    api_url: str
    repo: Repository
    github: Github
    boards: Github
    has_board_token: bool
    scopes: frozenset[str] | None
    """Of a classic token; None for kinds of token that do not tell."""

    @property
    def owner(self) -> str:
        return self.repo.owner.login

    @property
    def of_organization(self) -> bool:
        return self.repo.owner.type == "Organization"

    @property
    def web(self) -> str:
        """Where people's pages of this GitHub are, without a slash at the end."""
        return self.repo.html_url.removesuffix(f"/{self.repo.full_name}")

    def close(self) -> None:
        for one in {id(self.github): self.github, id(self.boards): self.boards}.values():
            one.close()

    @contextmanager
    def connected(self, token: str) -> Iterator[Github]:
        """As somebody else, to look and no more."""
        github = _connected(token, self.api_url, 0)
        try:
            yield github
        finally:
            github.close()

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; `path` is below the repository unless it begins with a slash. Raises `GithubException`."""
        url = path if path.startswith("/") else f"/repos/{self.repo.full_name}/{path}".rstrip("/")
        return self.github.requester.requestJsonAndCheck(method, url, input=body)[1]

    def found(self, path: str) -> Any | None:
        """What is at `path`, or None where there is nothing. Raises `GithubException` for all else."""
        try:
            return self.rest("GET", path)
        except GithubException as error:  # an UnknownObjectException only where the words are "Not Found"
            if error.status != 404:
                raise
            return None


def open_target(
    checkout: Path,
    *,
    repository: str | None,
    token: str | None,
    board_token: str | None = None,
    api_url: str = "https://api.github.com",
    pause: float = 1.0,
) -> Target:
    """`pause` is what lies between two writes, in seconds: GitHub asks for one. Without it nothing is tried twice either.

    Raises `UserError` for what a person left out, `GitHubError` for what GitHub says no to.
    """
    address = urlsplit(api_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UserError(
            f"--api-url (or GITHUB_API_URL): expected https://api.github.com, or https://HOST/api/v3 of a server of your own, "
            f"found {api_url!r}."
        )
    name = repository or repository_of(checkout)
    if name.count("/") != 1:
        raise UserError(f"--repository: expected OWNER/NAME, found {name!r}.")
    if not token:
        raise UserError(
            "GH_TOKEN is not set: this needs a token of somebody who administers the repository (classic: `repo` and `workflow`, and "
            "`project` for a board), or sign in with GitHub's own command line: gh auth login. Nobody but this command gets it."
        )
    github = _connected(token, api_url, pause)
    try:
        repo = github.get_repo(name)
    except GithubException as error:
        elsewhere = error.status == 404 and not address.hostname.startswith("api.") and not address.path.rstrip("/").endswith("/api/v3")
        hint = " Or has the address to end in /api/v3, as on GitHub Enterprise Server?" if elsewhere else ""
        raise github_error(error, f"{name} on {api_url}", hint) from error
    except RequestException as error:
        raise unreachable(error, api_url) from error
    scopes = github.oauth_scopes
    boards = _connected(board_token, api_url, pause) if board_token else github
    return Target(
        checkout=checkout,
        api_url=api_url.rstrip("/"),
        repo=repo,
        github=github,
        boards=boards,
        has_board_token=bool(board_token),
        scopes=None if scopes is None else frozenset(scopes),
    )


def _connected(token: str, api_url: str, pause: float) -> Github:
    return Github(
        base_url=api_url.rstrip("/"),
        auth=Auth.Token(token),
        user_agent="groundskeeper-setup",
        per_page=100,
        retry=GithubRetry(total=3) if pause else None,
        seconds_between_requests=None,
        seconds_between_writes=pause or None,
    )


def github_error(error: GithubException, about: str, more: str = "", *, is_there: bool = False) -> GitHubError:
    """`is_there`: the repository has answered before, so its name is right."""
    hint = {
        401: " Is the token right, and not expired?",
        403: " The token may not do this: it must be of somebody who administers the repository.",
        404: " The repository is there; something in it that was asked for is not, or this token may not see it."
        if is_there
        else " Is the name right, and may this token see it?",
    }.get(error.status, "")
    return GitHubError(GitHubErrorKind.GONE if error.status == 404 else GitHubErrorKind.REFUSED, f"{about}: {said(error)}.{hint}{more}")


def unreachable(error: RequestException, api_url: str) -> GitHubError:
    words = f"{api_url} cannot be reached ({type(error).__name__}). Is the address right, and the network up?"
    return GitHubError(GitHubErrorKind.UNREACHABLE, words)


def said(error: GithubException) -> str:
    """GitHub's own words for what went wrong, on one line."""
    data = error.data if isinstance(error.data, dict) else {}
    errors = [one.get("message", one.get("code", one)) if isinstance(one, dict) else one for one in data.get("errors") or ()]
    words = [str(data.get("message") or ""), *(str(one) for one in errors)]
    told = "; ".join(word for word in words if word) or str(error.message or error.data or "no reason given")
    return f"GitHub says {error.status}, {told}".rstrip(".")
