"""Answers kept for asking GitHub whether they still hold: a 304 costs nothing."""

from __future__ import annotations

from typing import Any

from githubkit.cache import MemCacheStrategy
from githubkit.hishel import SyncMemoryStorage
from hishel import Entry, Request, Response

_KEPT = 6 * 3600.0
"""Seconds; addresses with times in them go out of use, and would stay for ever."""


class _OneOfEach(SyncMemoryStorage):
    """hishel keeps the old answer beside the new one; with two of them and GitHub's weak ETags it then takes no 304, and asks once more."""

    def create_entry(self, request: Request, response: Response, key: str, id_: Any = None) -> Entry:
        for old in self.get_entries(key):
            self.remove_entry(old.id)
        return super().create_entry(request, response, key, id_)


class ResponseCache(MemCacheStrategy):
    """One for each identity: githubkit's default one is shared by all of the process."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = _OneOfEach(default_ttl=_KEPT, keep_unclosed=True)

    def get_hishel_storage(self) -> SyncMemoryStorage:
        return self._kept
