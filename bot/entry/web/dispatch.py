"""Starting by Actions: the repository's own workflow is asked to run a tick; nothing is worked on here."""

from __future__ import annotations

from collections.abc import Callable

from bot.adapters.github.client import Client
from bot.entry.web.starting import NotServed, Retry
from bot.ports import GitHubError, GitHubErrorKind

WORKFLOW = "groundskeeper.yml"


class Dispatcher:
    """`connect(repository)` gives the worker's client; one is kept for each repository."""

    def __init__(self, connect: Callable[[str], Client]) -> None:
        self._connect = connect
        self._known: dict[str, tuple[Client, str]] = {}

    def __call__(self, repository: str) -> Retry | None:
        """https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event

        Raises `GitHubError`, and `NotServed` where the app is not installed.
        """
        client, branch = self._known.get(repository) or self._meet(repository)
        try:
            client.rest("POST", f"actions/workflows/{WORKFLOW}/dispatches", body={"ref": branch, "inputs": {"command": "tick"}})
        except GitHubError as error:
            if error.kind in (GitHubErrorKind.GONE, GitHubErrorKind.REFUSED):
                # The branch may have another name by now, or the installation be gone: met anew next time.
                self._known.pop(repository, None)
            raise
        return None

    def _meet(self, repository: str) -> tuple[Client, str]:
        try:
            client = self._connect(repository)
        except GitHubError as error:
            if error.kind is GitHubErrorKind.GONE:
                raise NotServed(f"{repository}: {error}") from error
            raise
        met = self._known[repository] = (client, str(client.rest("GET", "")["default_branch"]))
        return met
