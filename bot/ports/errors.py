"""How the outside fails, in the two kinds that the inside tells apart: git, and GitHub's API."""

from __future__ import annotations

from datetime import datetime
from enum import Enum


class GitError(Exception):
    """git could not do it, with its own words; credentials taken out."""


class GitHubErrorKind(Enum):
    LIMITED = "rate limited"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """No permission, or GitHub says that the request is wrong; the words say which."""
    GONE = "not found"


class GitHubError(Exception):
    """A call that did not do what was asked, in GitHub's own words; `resume_at` where GitHub says when to come again."""

    def __init__(self, kind: GitHubErrorKind, message: str, *, resume_at: datetime | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.resume_at = resume_at
