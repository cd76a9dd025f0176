"""As whom we are known to GitHub: the identity, and its token while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from githubkit import GitHub
from githubkit.exception import GitHubException
from pydantic import ValidationError

from bot.adapters.github.errors import error_of, unlike_github
from bot.adapters.github.response_cache import ResponseCache
from bot.ports import Clock, GitHubError, GitHubErrorKind


class TokenCache(ResponseCache):
    """Keeps tokens as githubkit does, and lets go of a token that GitHub does not take any more."""

    def forget_tokens(self) -> None:
        self._cleanup_cache()


@dataclass(frozen=True, kw_only=True)
class TokenSource:
    """A token for git at the time of asking: installation tokens live an hour. Raises `GitHubError`."""

    github: GitHub[Any]
    clock: Clock
    cache: TokenCache
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
            raise error_of(error, self.clock.now()) from error
        except ValidationError as error:
            raise unlike_github(error) from None
        except httpx.HTTPError as error:
            raise GitHubError(GitHubErrorKind.UNREACHABLE, f"GitHub gave no answer ({type(error).__name__}: {error})") from error
        finally:
            flow.close()

    def forget(self) -> bool:
        """GitHub did not take it: the next request mints another one. False where there is only the one that we were given."""
        if self.fixed is not None:
            return False
        self.cache.forget_tokens()
        return True


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who GitHub says we are."""

    login: str
    is_app: bool
    token: TokenSource
