"""What each token may do: no more than its step needs, and no more than the app was given.

Names and levels: https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

from __future__ import annotations

from collections.abc import Mapping

_STRENGTH = {"read": 1, "write": 2, "admin": 3}

GIT: Mapping[str, str] = {"metadata": "read", "contents": "write", "workflows": "write"}
"""Branches and the bot's own refs. A branch that brings in a changed workflow from the base cannot be pushed without `workflows`."""

WORKER: Mapping[str, str] = {
    "metadata": "read",
    "contents": "read",
    "issues": "write",
    "pull_requests": "write",
    "checks": "read",
    "statuses": "read",
    "actions": "write",
    "organization_projects": "write",
}
"""Issues, pull requests, the board and the jobs of the fleet. What it writes to the code goes through git, with git's own token."""

REVIEWER: Mapping[str, str] = {
    "metadata": "read",
    "contents": "write",
    "workflows": "write",
    "issues": "read",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "write",
}
"""Verdicts and merges."""

ALONE: Mapping[str, str] = {**WORKER, **REVIEWER, "issues": "write"}
"""One identity in both parts."""


def narrowed(needed: Mapping[str, str], granted: Mapping[str, str]) -> dict[str, str]:
    """What of the needed was granted: GitHub refuses a token that asks for more, and without it the one call that lacks it says so."""
    return {area: min(level, granted[area], key=_STRENGTH.__getitem__) for area, level in needed.items() if area in granted}
