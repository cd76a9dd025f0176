"""One identity's access to GitHub: token or app, REST and GraphQL, every trouble told by its kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from urllib.request import getproxies

import httpx
from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub, Response, TokenAuthStrategy
from githubkit.cache import MemCacheStrategy
from githubkit.exception import GitHubException
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from bot.adapters.github.governor import Governor
from bot.adapters.github.troubles import graphql_trouble, trouble_of
from bot.ports import Clock, GitHubTrouble, GitHubTroubleKind

T = TypeVar("T")
_CREATING = ("/issues", "/pulls", "/comments", "/reviews", "/merge", "/check-runs")
_REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})
_TRIES = 3
_MOST_PAGES = 1000


class HearingClock(Clock, Protocol):
    def heard(self, date_header: str | None) -> None:
        """The `Date` of an answer."""


@dataclass(frozen=True, kw_only=True)
class AppKey:
    app_id: int
    private_key: str


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """A token for git at the time of asking: installation tokens live an hour. Raises `GitHubTrouble`."""

    github: GitHub[Any]
    clock: Clock
    fixed: str | None = None

    def __call__(self) -> str:
        """githubkit keeps the installation's token and mints a new one in time; its auth flow is where that can be had."""
        if self.fixed is not None:
            return self.fixed
        request = httpx.Request("GET", str(self.github.config.base_url).rstrip("/") + "/rate_limit")
        flow = self.github.auth.get_auth_flow(self.github).sync_auth_flow(request)
        try:
            asked = next(flow)
            while asked.url != request.url:
                with self.github.get_sync_client() as client:
                    answer = client.send(asked, auth=None)
                asked = flow.send(answer)
            return str(asked.headers["Authorization"]).split(" ", 1)[1]
        except GitHubException as error:
            raise trouble_of(error, self.clock.now()) from error
        except httpx.HTTPError as error:
            raise GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"GitHub gave no answer ({type(error).__name__}: {error})") from error
        finally:
            flow.close()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who GitHub says we are."""

    login: str
    is_app: bool
    token: TokenSource


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What GraphQL gave: `errors` may stand beside data that is good."""

    data: Any
    errors: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Client:
    """`repository` is `owner/name`; all paths are below `/repos/<repository>` unless they begin with a slash."""

    github: GitHub[Any]
    repository: str
    governor: Governor
    clock: Clock
    identity: Identity

    def rest(self, method: str, path: str, *, body: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON. Reads and what may be repeated are tried three times; a create never is."""
        url = path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/")
        creates = method in ("POST", "PUT") and url.endswith(_CREATING)

        def ask() -> Any:
            self.governor.turn(self.identity.login, writes=method != "GET", creates=int(creates))
            response = self._sent(method, url, json=body, params=dict(params) if params else None)
            return _json_of(response) if response.content else None

        return self._tried(ask, repeatable=method in _REPEATABLE and not path.endswith("/merge"))

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        found: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            part = self.rest("GET", path, params={**(params or {}), "per_page": 100, "page": page})
            found += part
            if len(part) < 100:
                break
        return found

    def graphql(self, document: str, variables: Mapping[str, Any] | None = None, *, absent: bool = False) -> Any:
        """A query's `data`, tried three times. With `absent` what is not found is null in it, and otherwise trouble as all else."""
        answer = self._asked(document, variables or {}, repeatable=True)
        if answer.errors and not (absent and all(one.get("type") == "NOT_FOUND" for one in answer.errors)):
            raise graphql_trouble(answer.errors, {}, self.clock.now())
        return answer.data

    def mutate(self, document: str, variables: Mapping[str, Any], *, creates: int = 0) -> Answer:
        """Mutations, tried once. Those that went wrong are among the errors, by path; the others are done."""
        return self._asked(document, variables, repeatable=False, creates=creates)

    def _asked(self, document: str, variables: Mapping[str, Any], *, repeatable: bool, creates: int = 0) -> Answer:
        url = self.github.graphql._get_graphql_endpoint()

        def ask() -> Answer:
            self.governor.turn(self.identity.login, writes=not repeatable, creates=creates)
            response = self._sent("POST", url, json={"query": document, "variables": dict(variables)})
            body = _json_of(response)
            data, errors = body.get("data"), tuple(body.get("errors") or ())
            if errors:
                trouble = graphql_trouble(errors, response.headers, self.clock.now())
                if data is None or trouble.kind in (GitHubTroubleKind.LIMITED, GitHubTroubleKind.UNREACHABLE):
                    raise self._minded(trouble)
            return Answer(data=data, errors=errors)

        return self._tried(ask, repeatable=repeatable)

    def _sent(self, method: str, url: str, **more: Any) -> Response[Any, Any]:
        try:
            return self.github.request(method, url, **more)
        except GitHubException as error:
            raise self._minded(trouble_of(error, self.clock.now())) from error

    def _minded(self, trouble: GitHubTrouble) -> GitHubTrouble:
        if trouble.kind is GitHubTroubleKind.LIMITED and trouble.resume_at is not None:
            self.governor.silence(self.identity.login, trouble.resume_at)
        return trouble

    def _tried(self, ask: Callable[[], T], *, repeatable: bool) -> T:
        def worth_another(error: BaseException) -> bool:
            return repeatable and isinstance(error, GitHubTrouble) and error.kind is GitHubTroubleKind.UNREACHABLE

        def pause(state: RetryCallState) -> float:
            return float(2 ** (state.attempt_number - 1))

        return Retrying(
            retry=retry_if_exception(worth_another),
            stop=stop_after_attempt(_TRIES),
            wait=pause,
            sleep=lambda seconds: self.clock.wait(timedelta(seconds=seconds)),
            reraise=True,
        )(ask)


def _json_of(response: Response[Any, Any]) -> Any:
    try:
        return response.json()
    except json.JSONDecodeError as error:
        words = f"GitHub's answer to {response.raw_request.url.path} is no JSON; something between here and there may have answered"
        raise GitHubTrouble(GitHubTroubleKind.UNREACHABLE, words) from error


class _KeptOpen(httpx.BaseTransport):
    """githubkit makes a client for each request and closes it; connections and certificates are worth keeping."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Not before the process ends."""


def connect(
    credential: str | AppKey,
    *,
    repository: str,
    governor: Governor,
    clock: HearingClock,
    base_url: str = "https://api.github.com",
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """A client that knows who it is. Raises `GitHubTrouble` when GitHub does not know the credential, or the app is not installed."""
    if transport is None and not getproxies():
        transport = httpx.HTTPTransport()  # httpx itself finds a proxy, yet only where it makes the transport

    def listen(response: httpx.Response) -> None:
        clock.heard(response.headers.get("date"))

    options: dict[str, Any] = {
        "base_url": base_url,
        "auto_retry": False,
        "transport": _KeptOpen(transport) if transport is not None else None,
        "event_hooks": {"response": [listen]},
        "timeout": 30,
        "cache_strategy": MemCacheStrategy(),  # githubkit's default one is shared by all identities of the process
    }
    if isinstance(credential, AppKey):
        as_app: GitHub[Any] = GitHub(AppAuthStrategy(credential.app_id, credential.private_key), **options)
        login = f"{_who(as_app, '/app', clock)['slug']}[bot]"
        installation = _who(as_app, f"/repos/{repository}/installation", clock)["id"]
        name = repository.split("/")[1]
        auth: Any = AppInstallationAuthStrategy(credential.app_id, credential.private_key, installation, repositories=[name])
        github: GitHub[Any] = GitHub(auth, **options)
        identity = Identity(login=login, is_app=True, token=TokenSource(github=github, clock=clock))
    else:
        github = GitHub(TokenAuthStrategy(credential), **options)
        is_app = credential.startswith("ghs_")
        identity = Identity(
            login=_viewer(github, clock) if is_app else _who(github, "/user", clock)["login"],
            is_app=is_app,
            token=TokenSource(github=github, clock=clock, fixed=credential),
        )
    return Client(github=github, repository=repository, governor=governor, clock=clock, identity=identity)


def _viewer(github: GitHub[Any], clock: Clock) -> str:
    """An installation's token, as Actions hand one out, may not ask for `/user`."""
    try:
        login = str(github.graphql("query { viewer { login } }")["viewer"]["login"])
    except GitHubException as error:
        raise trouble_of(error, clock.now()) from error
    return login if login.endswith("[bot]") else f"{login}[bot]"


def _who(github: GitHub[Any], path: str, clock: Clock) -> Any:
    try:
        return github.request("GET", path).json()
    except GitHubException as error:
        trouble = trouble_of(error, clock.now())
        hint = " Is the app installed on this repository?" if path.endswith("/installation") else ""
        raise GitHubTrouble(trouble.kind, f"{trouble}{hint}", resume_at=trouble.resume_at) from error
