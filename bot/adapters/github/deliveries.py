"""Deliveries of a webhook that nobody took: GitHub does not try again by itself, but lists them and sends again when asked.

https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from bot.adapters.github.client import Client

_ATTEMPTS = 5
"""A delivery that failed so often fails for a reason that no further attempt changes; the periodic look makes up for it."""
_MOST_PAGES = 50


@dataclass(frozen=True, kw_only=True)
class Hook:
    """`path` is the webhook's own: `/app/hook` of an app with its JWT, `/repos/<repository>/hooks/<id>` with administration: write."""

    client: Client
    path: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one look at a webhook came to, in delivery GUIDs."""

    again: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    """Failed once and taken since."""


def ask_again(hook: Hook, *, since: datetime, known: Callable[[str], bool]) -> Asked:
    """Has every delivery that failed since then, and was never taken after all, sent again; once each.

    `known(guid)` says that we took it, whatever GitHub heard. Raises `GitHubError`.
    """
    failed: dict[str, list[Mapping[str, Any]]] = {}
    for one in _listed(hook, "failure", since):
        failed.setdefault(str(one["guid"]), []).append(one)
    missed = [guid for guid in failed if not known(guid)]
    taken = {str(one["guid"]) for one in _listed(hook, "success", since)} if missed else set()
    again = [guid for guid in missed if guid not in taken and len(failed[guid]) < _ATTEMPTS]
    for guid in reversed(again):  # the oldest first, as they came
        hook.client.rest("POST", f"{hook.path}/deliveries/{failed[guid][0]['id']}/attempts")
    return Asked(
        again=tuple(again),
        given_up=tuple(guid for guid in missed if guid not in taken and guid not in again),
        settled=tuple(guid for guid in failed if guid not in missed or guid in taken),
    )


def _listed(hook: Hook, status: str, since: datetime) -> list[Mapping[str, Any]]:
    """Newest first. An older server of one's own may leave `status` unheeded, so it is read here too: 200 to 399 is success."""
    found: list[Mapping[str, Any]] = []
    for page in islice(hook.client.linked(f"{hook.path}/deliveries", {"per_page": 100, "status": status}), _MOST_PAGES):
        recent = [one for one in page if datetime.fromisoformat(one["delivered_at"]) >= since]
        found += [one for one in recent if (200 <= one["status_code"] < 400) == (status == "success")]
        if len(recent) < len(page):
            break
    return found
