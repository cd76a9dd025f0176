"""Which issues and pull requests changed, by two requests that cost nothing while nothing did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.github.actors import time_of
from bot.adapters.github.client import Client
from bot.adapters.github.nodes import LISTED

SETTLES = timedelta(seconds=5)
"""`updated_at` has whole seconds and copies lag behind: what changed so shortly before a look may have changed again since."""
_OVERLAP = timedelta(minutes=5)
_OLD = timedelta(minutes=30)
_LONG = 50
_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Touched:
    """An issue or pull request that was touched since it was last read."""

    number: int
    updated_at: datetime
    is_pull: bool
    listed: bool
    comments: int


@dataclass(frozen=True, kw_only=True)
class ChangeList:
    """One look at what changed; nothing of it counts as known until `Changes.learn` is told so."""

    at: datetime
    touched: tuple[Touched, ...]
    newest: datetime | None
    commented_at: datetime | None
    """When something was touched last that may have got a comment."""
    length: int
    open_count: int | None
    """Not asked where something was touched: what is read then is counted."""
    vanished: bool
    """The number of open issues is another one: some may have gone without a trace, deleted or moved to another repository."""


@dataclass(kw_only=True)
class Changes:
    """https://docs.github.com/rest/issues/issues#list-repository-issues: `since` is by `updated_at`, inclusive; has pull requests too.

    What did not change is answered with a 304, which is free as long as the address is the same: `since` moves when the list gets long.
    """

    client: Client
    _since: datetime | None = None
    _known: dict[int, datetime] = field(default_factory=dict)
    _open: int | None = None
    _comments: dict[int, int] = field(default_factory=dict)
    """How many comments each had then."""

    def begin(self, at: datetime) -> None:
        """Everything was read after `at`."""
        if self._since is None or at - self._since > _OLD:
            self._since = at.replace(microsecond=0) - _OVERLAP

    def ask(self) -> ChangeList:
        assert self._since is not None, "begin() comes first"
        at = self.client.clock.now()
        items = self._items()
        found = {item["number"]: _touched(item) for item in items}
        touched = tuple(one for one in found.values() if self._known.get(one.number) != one.updated_at)
        count = None if touched else int(self.client.rest("GET", "")["open_issues_count"])
        return ChangeList(
            at=at,
            touched=touched,
            commented_at=max((one.updated_at for one in touched if one.comments != self._comments.get(one.number, 0)), default=None),
            newest=max((one.updated_at for one in found.values()), default=None),
            length=len(found),
            open_count=count,
            vanished=None not in (self._open, count) and self._open != count,
        )

    def learn(self, changes: ChangeList) -> None:
        """What changed has been read since; what had not settled then is listed again."""
        assert self._since is not None, "begin() comes first"
        self._known |= {one.number: one.updated_at for one in changes.touched if one.updated_at < changes.at - SETTLES}
        self._comments |= {one.number: one.comments for one in changes.touched}
        self._open = changes.open_count
        if changes.length >= _LONG and changes.newest is not None:
            long_past = changes.at.replace(microsecond=0) - _OVERLAP
            since = self._since = max(self._since, changes.newest - _OVERLAP if changes.newest > long_past else long_past)
            self._known = {number: at for number, at in self._known.items() if at >= since}
            self._comments = {number: self._comments[number] for number in self._comments.keys() & self._known.keys()}

    def _items(self) -> list[Any]:
        """Goes on from the last time seen, not by page number: what changes meanwhile moves to the end and would shift the pages."""
        found: list[Any] = []
        since, page = self._since, 1
        while since is not None:
            part = self._page(since, page)
            found += part
            if len(part) < _PAGE:
                break
            last = time_of(part[-1]["updated_at"])
            since, page = (last, 1) if last > since else (since, page + 1)
        return found

    def _page(self, since: datetime, page: int) -> list[Any]:
        asked = {"state": "all", "since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "sort": "updated", "direction": "asc", "per_page": _PAGE}
        part: list[Any] = self.client.rest("GET", "issues", params=asked | ({"page": page} if page > 1 else {}))
        return part


def _touched(item: Any) -> Touched:
    return Touched(
        number=item["number"],
        updated_at=time_of(item["updated_at"]),
        is_pull="pull_request" in item,
        listed=item["state"] == "open" and _listed(label["name"] for label in item["labels"]),
        comments=item["comments"],
    )


def _listed(labels: Iterable[str]) -> bool:
    return any(label.casefold() in LISTED for label in labels)
