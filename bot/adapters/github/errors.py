"""Every way in which GitHub says no, told apart: limited, unreachable, refused, gone. Nothing else looks at its status codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from githubkit import Response
from githubkit.exception import GitHubException, RequestError, RequestFailed
from pydantic import ValidationError

from bot.ports import GitHubError, GitHubErrorKind

_SECONDARY = ("secondary rate limit", "abuse detection", "submitted too quickly")
_GRAPHQL_LIMITS = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_GRAPHQL_OVERLOADED = ("something went wrong while executing your query", "timedout", "couldn't respond to your request in time")
_NEEDED = (
    ("/check-runs", "checks: write, of an app"),
    ("/statuses/", "statuses: write"),
    ("/merge", "contents: write"),
    ("/reviews", "pull_requests: write"),
    ("/pulls", "pull_requests: write"),
    ("/labels", "issues: write"),
    ("/issues", "issues: write"),
    ("/collaborators", "metadata: read, and push access"),
    ("/projectsV2", "organization_projects: write"),
)


class Limited(GitHubError):
    """A limit as one answer told it; `resume_at` is None where it named no time. Only a primary limit is one resource's own."""

    def __init__(self, message: str, *, resume_at: datetime | None, primary: bool) -> None:
        super().__init__(GitHubErrorKind.LIMITED, message, resume_at=resume_at)
        self.primary = primary


def is_stale_token(error: GitHubException) -> bool:
    """Whether GitHub did not know the credential, so that nothing was done."""
    return isinstance(error, RequestFailed) and error.response.status_code == 401


def answer_of(error: GitHubException) -> Response[Any, Any] | None:
    """What GitHub did say, where it said something: its headers tell of the budget also with a refusal."""
    return error.response if isinstance(error, RequestFailed) else None


def error_of(error: GitHubException, now: datetime, *, renew: str = "") -> GitHubError:
    """`renew` names where the credential comes from, for the person who has to give another one."""
    if isinstance(error, RequestFailed):
        return _failed(error.response, now, renew)
    if isinstance(error, RequestError) and isinstance(error.exc, GitHubException):
        return error_of(error.exc, now, renew=renew)  # an installation's token is minted on the way to the request that was asked for
    if isinstance(error, RequestError) and isinstance(error.exc, ValidationError):
        return unlike_github(error.exc)
    if isinstance(error, RequestError):
        return GitHubError(GitHubErrorKind.UNREACHABLE, f"GitHub gave no answer ({type(error.exc).__name__}: {error.exc})")
    return GitHubError(GitHubErrorKind.REFUSED, f"{type(error).__name__}: {error}")


def unlike_github(error: ValidationError) -> GitHubError:
    """An installation's token came in an answer that githubkit cannot read, on the way to the request that was asked for."""
    places = list(dict.fromkeys(".".join(str(part) for part in one["loc"]) for one in error.errors()))
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    return lacking("the call for an installation's token", f"{places[0]}{more}", error.errors()[0]["msg"])


def lacking(about: str, field: str, why: str = "it is missing") -> GitHubError:
    """Trying again would not help."""
    words = f"The answer to {about} is not as GitHub gives it: `{field}`, {why[0].lower()}{why[1:]}."
    words += " Is the API's address right, and is it GitHub that answers there?"
    return GitHubError(GitHubErrorKind.REFUSED, words)


def _failed(response: Response[Any, Any], now: datetime, renew: str) -> GitHubError:
    """https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit

    The secondary limit may come with no header at all, and then only its words tell it from a missing permission.
    """
    status, headers = response.status_code, response.headers
    said = _words(response)
    if status in (403, 429) and (limited := _limited(headers, said, now, certain=status == 429)) is not None:
        return limited
    if status >= 500 or status == 408:
        return GitHubError(GitHubErrorKind.UNREACHABLE, f"GitHub answered {status}: {said}")
    place = f"{response.raw_request.method} {response.raw_request.url.path}"
    kind = GitHubErrorKind.GONE if status in (404, 410) else GitHubErrorKind.REFUSED
    return GitHubError(kind, f"{status} {said} ({place}){_likely(status, place, headers, renew)}")


def _limited(headers: Mapping[str, str], said: str, now: datetime, *, certain: bool) -> Limited | None:
    after = headers.get("retry-after", "")
    if after.isdigit():
        return Limited(said, resume_at=now + timedelta(seconds=int(after)), primary=False)
    secondary = any(words in said.lower() for words in _SECONDARY)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
        return Limited(said, resume_at=max(now, reset), primary=not secondary)
    return Limited(said, resume_at=None, primary=False) if certain or secondary else None


def _likely(status: int, place: str, headers: Mapping[str, str], renew: str) -> str:
    if status == 401:
        return f". The credential is not valid, or no longer{f': renew {renew}' if renew else ''}."
    if status not in (403, 404):
        return ""
    told = headers.get("x-accepted-github-permissions")
    needed = told or next((permission for part, permission in _NEEDED if part in place), None)
    return f". Likely missing: `{needed}`." if needed and (status == 403 or not place.startswith("GET")) else ""


def _words(response: Response[Any, Any]) -> str:
    try:
        body = response.json()
    except ValueError:
        return f"status {response.status_code}, and no words that are JSON"
    if not isinstance(body, dict):
        return f"status {response.status_code}"
    details = body.get("errors")
    parts = details if isinstance(details, list) else []
    told = [_detail(one) for one in parts]
    return " ".join(part for part in (str(body.get("message") or ""), "; ".join(told)) if part) or f"status {response.status_code}"


def _detail(one: object) -> str:
    if not isinstance(one, dict):
        return str(one)
    return str(one.get("message") or " ".join(str(one[key]) for key in ("resource", "field", "code") if one.get(key)))


def graphql_error(errors: Sequence[Mapping[str, Any]], headers: Mapping[str, str], now: datetime) -> GitHubError:
    """GraphQL says its errors in answers of status 200, rate limits among them:
    https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""
    words = "; ".join(_with_path(one) for one in errors)
    kinds = {str(one.get("type")) for one in errors}
    if kinds & _GRAPHQL_LIMITS or any(part in words.lower() for part in _SECONDARY):
        limited = _limited(headers, words, now, certain=True)
        assert limited is not None
        return limited
    if any(part in words.lower() for part in _GRAPHQL_OVERLOADED):
        return GitHubError(GitHubErrorKind.UNREACHABLE, words)
    return GitHubError(GitHubErrorKind.GONE if kinds == {"NOT_FOUND"} else GitHubErrorKind.REFUSED, words)


def _with_path(error: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in error.get("path") or ())
    return f"{path}: {error.get('message')}" if path else str(error.get("message"))
