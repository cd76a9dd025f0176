"""Who may do what, by the collaborator-permission API alone; cached for minutes, and closed where in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.adapters.github.client import Client
from bot.ports import GitHubError, GitHubErrorKind

_FRESH = timedelta(minutes=5)
_WRITERS = frozenset({"write", "maintain", "admin"})


@dataclass(kw_only=True)
class Collaborators:
    client: Client
    _known: dict[str, tuple[bool, datetime]] = field(default_factory=dict)

    def may_write(self, login: str | None) -> bool:
        """https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user; never `author_association`."""
        if not login or login == "ghost" or login.endswith("[bot]"):
            return False
        now = self.client.clock.now()
        known = self._known.get(login)
        if known is not None and now - known[1] < _FRESH:
            return known[0]
        try:
            answer = self.client.rest("GET", f"collaborators/{quote(login, safe='')}/permission")
        except GitHubError as error:
            if error.kind is not GitHubErrorKind.GONE:
                raise
            answer = {}
        able = answer.get("permission") in _WRITERS or answer.get("role_name") in _WRITERS
        self._known[login] = (able, now)
        return able
