"""What GitHub refuses for good is given up, with its words written down; whatever another try may bring is raised again."""

from __future__ import annotations

from collections.abc import Iterable

from bot.ports import GitHubError, GitHubErrorKind


def final(error: GitHubError) -> str:
    """GitHub's words. Raises `error` where another try may help."""
    if error.kind not in (GitHubErrorKind.REFUSED, GitHubErrorKind.GONE):
        raise error
    return str(error)


def given_up(refused: Iterable[str]) -> str:
    """The end of a message that tells what was done; empty where GitHub took all of it."""
    words = "; ".join(dict.fromkeys(refused))
    return f" (GitHub would not take all of it: {words})" if words else ""
