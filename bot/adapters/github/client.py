"""One identity's access to GitHub: token or app, REST and GraphQL, every trouble told by its kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub, Response, TokenAuthStrategy
from githubkit.exception import GitHubException, GraphQLFailed, RequestError, RequestFailed
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from bot.adapters.clock import ServerClock
from bot.adapters.github.governor import Governor
from bot.ports import GitHubTrouble, GitHubTroubleKind

_SECONDARY_WAIT = timedelta(seconds=60)
_CREATING = ("/issues", "/pulls", "/comments", "/reviews", "/merge", "/check-runs")


@dataclass(frozen=True, kw_only=True)
class AppKey:
    app_id: int
    private_key: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who GitHub says we are."""

    login: str
    is_app: bool
    token: TokenSource


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """A token for git at the time of asking: installation tokens live an hour."""

    github: GitHub[Any]
    fixed: str | None = None
    path: str = ""

    def __call__(self) -> str:
        if self.fixed is not None:
            return self.fixed
        headers = self.github.auth.get_auth_flow(self.github)
        request = httpx.Request("GET", str(self.github.config.base_url) + "rate_limit")
        flow = headers.sync_auth_flow(request)
        response: httpx.Response | None = None
        while True:
            asked = next(flow) if response is None else flow.send(response)
            if asked.url == request.url:
                flow.close()
                return str(asked.headers["Authorization"]).split(" ", 1)[1]
            with self.github.get_sync_client() as client:
                response = client.send(asked)
                response.read()


@dataclass(frozen=True, kw_only=True)
class Client:
    """`repository` is `owner/name`; all paths are below `/repos/<repository>` unless they begin with a slash."""

    github: GitHub[Any]
    repository: str
    governor: Governor
    clock: ServerClock
    identity: Identity

    def rest(self, method: str, path: str, *, body: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON. Reads and other repeatable calls are tried three times; a create never is."""
        url = path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/")
        writes = method != "GET"
        creates = method in ("POST", "PUT") and path.endswith(_CREATING)
        return self._tried(repeatable=method in ("GET", "PUT", "PATCH", "DELETE") and not path.endswith("/merge"))(
            self._once, method, url, body, params, writes, creates
        )

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        found: list[Any] = []
        page = 1
        while True:
            part = self.rest("GET", path, params={**(params or {}), "per_page": 100, "page": page})
            found += part
            if len(part) < 100:
                return found
            page += 1

    def graphql(self, document: str, variables: Mapping[str, Any] | None = None, *, creates: int = 0) -> Any:
        """The answer's `data`. A query is tried three times, a mutation once."""
        writes = document.lstrip().startswith("mutation")
        return self._tried(repeatable=not writes)(self._graphql_once, document, dict(variables or {}), writes, creates)

    def _once(
        self, method: str, url: str, body: Mapping[str, Any] | None, params: Mapping[str, Any] | None, writes: bool, creates: bool
    ) -> Any:
        self.governor.before(writes=writes, creates=creates)
        response: Response[Any, Any] | None = None
        try:
            response = self.github.request(method, url, json=body, params=dict(params) if params else None)
        except GitHubException as error:
            raise self._trouble(error) from error
        except httpx.HTTPError as error:
            raise GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"{type(error).__name__}: {error}") from error
        self.clock.heard(response.headers.get("date"))
        return response.json() if response.content else None

    def _graphql_once(self, document: str, variables: dict[str, Any], writes: bool, creates: int) -> Any:
        self.governor.before(writes=writes, creates=bool(creates))
        try:
            return self.github.graphql(document, variables)
        except GraphQLFailed as error:
            raise _graphql_trouble(error, self.clock.now()) from error
        except GitHubException as error:
            raise self._trouble(error) from error
        except httpx.HTTPError as error:
            raise GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"{type(error).__name__}: {error}") from error

    def _tried(self, *, repeatable: bool) -> Retrying:
        def worth_another(error: BaseException) -> bool:
            return repeatable and isinstance(error, GitHubTrouble) and error.kind is GitHubTroubleKind.UNREACHABLE

        def pause(state: RetryCallState) -> float:
            return float(2 ** (state.attempt_number - 1))

        return Retrying(
            retry=retry_if_exception(worth_another),
            stop=stop_after_attempt(3),
            wait=pause,
            sleep=lambda seconds: self.clock.wait(timedelta(seconds=seconds)),
            reraise=True,
        )

    def _trouble(self, error: GitHubException) -> GitHubTrouble:
        if isinstance(error, RequestFailed):
            self.clock.heard(error.response.headers.get("date"))
            return _failed(error.response, self.clock.now())
        if isinstance(error, RequestError):
            return GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"GitHub gave no answer: {error}")
        return GitHubTrouble(GitHubTroubleKind.REFUSED, str(error))


def _failed(response: Response[Any, Any], now: datetime) -> GitHubTrouble:
    status, headers = response.status_code, response.headers
    try:
        body = response.json()
    except json.JSONDecodeError:
        body = {}
    words = str(body.get("message", "")) if isinstance(body, dict) else ""
    details = body.get("errors") if isinstance(body, dict) else None
    said = f"{words} {_joined(details)}".strip() or f"status {status}"
    if status in (403, 429):
        if headers.get("retry-after", "").isdigit():
            return GitHubTrouble(GitHubTroubleKind.LIMITED, said, resume_at=now + timedelta(seconds=int(headers["retry-after"])))
        if headers.get("x-ratelimit-remaining") == "0":
            reset = datetime.fromtimestamp(int(headers.get("x-ratelimit-reset", "0")), UTC)
            return GitHubTrouble(GitHubTroubleKind.LIMITED, said, resume_at=max(reset, now))
        if "secondary rate limit" in words.lower() or status == 429:
            return GitHubTrouble(GitHubTroubleKind.LIMITED, said, resume_at=now + _SECONDARY_WAIT)
    if status >= 500:
        return GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"GitHub answered {status}: {said}")
    kind = GitHubTroubleKind.GONE if status in (404, 410) else GitHubTroubleKind.REFUSED
    return GitHubTrouble(kind, f"{status} {said} ({response.raw_request.method} {response.raw_request.url.path})")


def _joined(details: Any) -> str:
    if not isinstance(details, list):
        return ""
    return "; ".join(str(one.get("message") or one.get("code")) if isinstance(one, dict) else str(one) for one in details)


def _graphql_trouble(error: GraphQLFailed, now: datetime) -> GitHubTrouble:
    """GraphQL says its troubles in answers of status 200: https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""
    errors = error.response.errors or []
    words = "; ".join(one.message for one in errors)
    kinds = {one.type for one in errors}
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"} or "secondary rate limit" in words.lower():
        return GitHubTrouble(GitHubTroubleKind.LIMITED, words, resume_at=now + _SECONDARY_WAIT)
    return GitHubTrouble(GitHubTroubleKind.GONE if kinds == {"NOT_FOUND"} else GitHubTroubleKind.REFUSED, words)


def connect(
    credential: str | AppKey,
    *,
    repository: str,
    governor: Governor,
    clock: ServerClock,
    base_url: str = "https://api.github.com",
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """A client that knows who it is. Raises `GitHubTrouble` when GitHub does not know the credential, or the app is not installed."""
    options: dict[str, Any] = {"base_url": base_url, "auto_retry": False, "transport": transport, "rest_api_validate_body": False}
    owner, name = repository.split("/")
    if isinstance(credential, AppKey):
        as_app: GitHub[Any] = GitHub(AppAuthStrategy(credential.app_id, credential.private_key), **options)
        login, installation = _installed(as_app, repository)
        auth: Any = AppInstallationAuthStrategy(credential.app_id, credential.private_key, installation, repositories=[name])
        github: GitHub[Any] = GitHub(auth, **options)
        source = TokenSource(github=github)
    else:
        github = GitHub(TokenAuthStrategy(credential), **options)
        login = _asked(github, "/user")["login"]
        source = TokenSource(github=github, fixed=credential)
    identity = Identity(login=login, is_app=isinstance(credential, AppKey), token=source)
    return Client(github=github, repository=f"{owner}/{name}", governor=governor, clock=clock, identity=identity)


def _installed(as_app: GitHub[Any], repository: str) -> tuple[str, int]:
    app = _asked(as_app, "/app")
    found = _asked(as_app, f"/repos/{repository}/installation")
    return f"{app['slug']}[bot]", found["id"]


def _asked(github: GitHub[Any], path: str) -> Any:
    try:
        return github.request("GET", path).json()
    except RequestFailed as error:
        words = error.response.json().get("message", "") if error.response.content else ""
        raise GitHubTrouble(
            GitHubTroubleKind.REFUSED,
            f"GitHub answered {error.response.status_code} {words} to GET {path}: check the token, or that the app is installed there.",
        ) from error
    except RequestError as error:
        raise GitHubTrouble(GitHubTroubleKind.UNREACHABLE, f"GitHub gave no answer to GET {path}: {error}") from error
