"""Runs of GitHub Actions as the fleet's engine: whether one is still alive."""

from __future__ import annotations

from collections.abc import Set

from bot.adapters.github.client import Client
from bot.ports import GitHubError, GitHubErrorKind


def ended(client: Client, jobs: Set[str]) -> frozenset[str]:
    """Those of `jobs` (`<run id>/<attempt>`) that are over. https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run-attempt

    A run that was deleted is over too. Without the permission to look (`actions: read`) nobody is called dead: leases end by themselves.
    """
    return frozenset(job for job in jobs if _is_over(client, job))


def _is_over(client: Client, job: str) -> bool:
    run, _, attempt = job.partition("/")
    try:
        return bool(client.rest("GET", f"actions/runs/{run}/attempts/{attempt or 1}")["status"] == "completed")
    except GitHubError as error:
        if error.kind is GitHubErrorKind.GONE:
            return True
        if error.kind is GitHubErrorKind.REFUSED:
            return False
        raise
