"""One identity's access to GitHub: token or app, REST and GraphQL, every error told by its kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
from githubkit import AppAuthStrategy, AppInstallationAuthStrategy, GitHub, Response, TokenAuthStrategy
from githubkit.exception import GitHubException
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from bot.adapters.github.connection import PATIENCE, GitHubTransport, direct_or_by_proxy
from bot.adapters.github.errors import Limited, answer_of, error_of, graphql_error, is_stale_token, lacking
from bot.adapters.github.governor import EVERYTHING, Governor
from bot.adapters.github.limits import Call, Urgency
from bot.adapters.github.permissions import ALONE, GIT, narrowed
from bot.adapters.github.tokens import Identity, TokenCache, TokenSource
from bot.ports import Clock, GitHubError, GitHubErrorKind

T = TypeVar("T")
_REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})
_TRIES = 3
_MOST_PAGES = 1000


class SyncedClock(Clock, Protocol):
    def sync(self, date_header: str | None) -> None:
        """The `Date` of an answer."""


@dataclass(frozen=True, kw_only=True)
class AppKey:
    app_id: int
    private_key: str


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
    urgency: Urgency = Urgency.REVIEW
    """What its calls are for. Looking is for everything, reviews and merges included."""
    renew: str = ""
    """Where the credential comes from, for the person who has to renew it."""

    def at(self, urgency: Urgency) -> Client:
        return replace(self, urgency=urgency)

    def rest(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """The answer's JSON. What may be repeated is tried three times: reads, and writes that say what is to be; a create never is."""
        url = path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/")
        # GitHub does not say which calls make content; all that are not edits are counted, which is never too few.
        creates = int(method in ("POST", "PUT"))
        call = Call(urgency=self.urgency, writes=method != "GET", creates=creates, resource="search" if "/search/" in url else "core")

        def ask() -> Any:
            response = self._sent(call, method, url, json=body, params=dict(params) if params else None)
            return _json_of(response) if response.content else None

        return self._tried(ask, repeatable=method in _REPEATABLE and not path.endswith("/merge") if repeatable is None else repeatable)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        found: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            part = self.rest("GET", path, params={**(params or {}), "per_page": 100, "page": page})
            found += part
            if len(part) < 100:
                break
        return found

    def linked(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """Page after page of a list whose cursor only GitHub can make, by the `Link` header."""
        asked: Mapping[str, Any] | None = params
        while asked is not None:
            response = self._tried(partial(self._sent, Call(urgency=self.urgency), "GET", path, params=dict(asked)), repeatable=True)
            yield _json_of(response)
            following = response.raw_response.links.get("next", {}).get("url")
            asked = dict(parse_qsl(urlsplit(following).query)) if following else None

    def graphql(self, document: str, variables: Mapping[str, Any] | None = None, *, absent: bool = False) -> Any:
        """A query's `data`, tried three times. With `absent` what is not found is null in it, and otherwise an error as all else."""
        answer = self._asked(document, variables or {}, Call(urgency=self.urgency, resource="graphql"))
        if answer.errors and not (absent and all(one.get("type") == "NOT_FOUND" for one in answer.errors)):
            raise graphql_error(answer.errors, {}, self.clock.now())
        return answer.data

    def mutate(self, document: str, variables: Mapping[str, Any], *, creates: int = 0) -> Answer:
        """Mutations, tried once. Those that went wrong are among the errors, by path; the others are done."""
        return self._asked(document, variables, Call(urgency=self.urgency, writes=True, creates=creates, resource="graphql"))

    def _asked(self, document: str, variables: Mapping[str, Any], call: Call) -> Answer:
        url = self.github.graphql._get_graphql_endpoint()

        def ask() -> Answer:
            response = self._sent(call, "POST", url, json={"query": document, "variables": dict(variables)})
            body = _json_of(response)
            data, errors = body.get("data"), tuple(body.get("errors") or ())
            if errors:
                error = graphql_error(errors, response.headers, self.clock.now())
                if data is None or error.kind in (GitHubErrorKind.LIMITED, GitHubErrorKind.UNREACHABLE):
                    raise self._minded(call, error)
            return Answer(data=data, errors=errors)

        return self._tried(ask, repeatable=not call.writes)

    def _sent(self, call: Call, method: str, url: str, **more: Any) -> Response[Any, Any]:
        try:
            return self._once(call, method, url, **more)
        except GitHubException as error:
            if not is_stale_token(error) or not self.identity.token.forget():
                raise self._minded(call, error_of(error, self.clock.now(), renew=self.renew)) from error
        try:
            return self._once(call, method, url, **more)  # whoever is not known has done nothing, so even a create may be sent again
        except GitHubException as error:
            raise self._minded(call, error_of(error, self.clock.now(), renew=self.renew)) from error

    def _once(self, call: Call, method: str, url: str, **more: Any) -> Response[Any, Any]:
        who = self.identity.login
        with self.governor.turn(who, call):
            try:
                response = self.github.request(method, url, **more)
            except GitHubException as error:
                refused = answer_of(error)
                if refused is not None:
                    self.governor.record_answer(who, call, refused.headers, done=False)
                raise
        free = bool(response.raw_response.extensions.get("hishel_revalidated"))
        self.governor.record_answer(who, call, response.headers, done=not _is_graphql_refusal(call, response), free=free)
        return response

    def _minded(self, call: Call, error: GitHubError) -> GitHubError:
        """Notes a limit for all who share the identity, and says until when it lasts."""
        if not isinstance(error, Limited):
            return error
        who = self.identity.login
        until = self.governor.silence(who, error.resume_at, resource=call.resource if error.primary else EVERYTHING)
        words = f"{error} (GitHub's limit on {who}; nothing is asked before {until:%H:%M:%S} UTC)"
        return GitHubError(error.kind, words, resume_at=until)

    def _tried(self, ask: Callable[[], T], *, repeatable: bool) -> T:
        def worth_another(error: BaseException) -> bool:
            return repeatable and isinstance(error, GitHubError) and error.kind is GitHubErrorKind.UNREACHABLE

        def pause(state: RetryCallState) -> float:
            return float(2 ** (state.attempt_number - 1))

        return Retrying(
            retry=retry_if_exception(worth_another),
            stop=stop_after_attempt(_TRIES),
            wait=pause,
            sleep=lambda seconds: self.clock.wait(timedelta(seconds=seconds)),
            reraise=True,
        )(ask)


def _is_graphql_refusal(call: Call, response: Response[Any, Any]) -> bool:
    """GraphQL's 200 may be a refusal; that is no sign that a limit is over."""
    return call.resource == "graphql" and b'"errors"' in response.content


def _json_of(response: Response[Any, Any]) -> Any:
    try:
        return response.json()
    except json.JSONDecodeError as error:
        words = f"GitHub's answer to {response.raw_request.url.path} is no JSON; something between here and there may have answered"
        raise GitHubError(GitHubErrorKind.UNREACHABLE, words) from error


def connect(
    credential: str | AppKey,
    *,
    repository: str,
    governor: Governor,
    clock: SyncedClock,
    base_url: str = "https://api.github.com",
    transport: httpx.BaseTransport | None = None,
    needs: Mapping[str, str] = ALONE,
    renew: str = "",
) -> Client:
    """A client that knows who it is. Raises `GitHubError` when GitHub does not know the credential, or the app is not installed.

    An app's tokens are for this repository alone, and of its permissions have those that it `needs`. Without a repository an app
    is itself and not one of its installations, for what is below `/app`. `renew` names where the credential comes from.
    """

    def listen(response: httpx.Response) -> None:
        clock.sync(response.headers.get("date"))

    cache = TokenCache()  # githubkit's default one is shared by all identities of the process
    options: dict[str, Any] = {
        "base_url": base_url,
        "auto_retry": False,
        "transport": GitHubTransport(transport or direct_or_by_proxy(base_url)),
        "event_hooks": {"response": [listen]},
        "timeout": PATIENCE,
        "cache_strategy": cache,
    }

    def client(
        github: GitHub[Any], login: str, *, is_app: bool = False, fixed: str | None = None, git: GitHub[Any] | None = None
    ) -> Client:
        token = TokenSource(github=git or github, clock=clock, cache=cache, fixed=fixed)
        identity = Identity(login=login, is_app=is_app, token=token)
        return Client(github=github, repository=repository, governor=governor, clock=clock, identity=identity, renew=renew)

    unknown = f"credential {hashlib.sha256(repr(credential).encode()).hexdigest()[:12]}"  # who it is, only the answer tells
    if isinstance(credential, AppKey):
        as_app = client(GitHub(AppAuthStrategy(credential.app_id, credential.private_key), **options), unknown, fixed="")
        login = f"{_part(as_app.rest('GET', '/app'), 'slug', of='GET /app')}[bot]"
        if not repository:
            return replace(as_app, identity=replace(as_app.identity, login=login))
        installation = _installation(as_app, repository)
        number, granted = (_part(installation, name, of="GET installation") for name in ("id", "permissions"))

        def installed(needed: Mapping[str, str]) -> GitHub[Any]:
            place, narrow = int(number), cast("Any", narrowed(needed, granted))
            only = [repository.split("/")[1]]
            auth = AppInstallationAuthStrategy(credential.app_id, credential.private_key, place, repositories=only, permissions=narrow)
            return GitHub(auth, **options)

        return client(installed(needs), login, is_app=True, git=installed(GIT))
    github = GitHub(TokenAuthStrategy(credential), **options)
    as_somebody = client(github, unknown, fixed=credential)
    is_app = credential.startswith("ghs_")
    login = _viewer(as_somebody) if is_app else str(_part(as_somebody.rest("GET", "/user"), "login", of="GET /user"))
    return client(github, login, is_app=is_app, fixed=credential)


def _installation(as_app: Client, repository: str) -> Any:
    try:
        return as_app.rest("GET", f"/repos/{repository}/installation")
    except GitHubError as error:
        raise GitHubError(error.kind, f"{error} Is the app installed on this repository?", resume_at=error.resume_at) from error


def _part(answer: Any, name: str, *, of: str) -> Any:
    """Raises `GitHubError` where an answer lacks it, as those of other servers may."""
    if not isinstance(answer, Mapping) or name not in answer:
        raise lacking(of, name)
    return answer[name]


def _viewer(as_somebody: Client) -> str:
    """An installation's token, as Actions hand one out, may not ask for `/user`."""
    login = str(as_somebody.graphql("query { viewer { login } }")["viewer"]["login"])
    return login if login.endswith("[bot]") else f"{login}[bot]"
