"""Where the governor's pages are kept: in this process, or in a file that all processes of this machine share."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.adapters.github.rate_state import RateState
from bot.core.errors.user_errors import UserError


class RateStore(Protocol):
    def state(self, identity: str) -> AbstractContextManager[RateState]:
        """The identity's page, to nobody else while it is open; what was changed in it is kept when it is closed without an error."""


@dataclass(kw_only=True)
class MemoryRateStore:
    _states: dict[str, RateState] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def state(self, identity: str) -> Iterator[RateState]:
        with self._lock:
            yield self._states.setdefault(identity, RateState())


class FileRateStore:
    """SQLite in WAL mode: a turn is one short transaction, and a process that dies in it leaves nothing half done."""

    def __init__(self, path: Path) -> None:
        """Raises `UserError` where the file cannot be made or is something else."""
        self._path = path
        self._lock = threading.Lock()
        with self._said():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            self._db.execute("create table if not exists pages (identity text primary key, page text not null)")

    @contextmanager
    def state(self, identity: str) -> Iterator[RateState]:
        with self._lock:
            try:
                state = self._opened(identity)
                yield state
                self._kept(identity, state)
            finally:
                if self._db.in_transaction:
                    self._db.execute("rollback")

    def _opened(self, identity: str) -> RateState:
        with self._said():
            self._db.execute("begin immediate")
            row = self._db.execute("select page from pages where identity = ?", (identity,)).fetchone()
            return RateState() if row is None else RateState.from_json(json.loads(row[0]))

    def _kept(self, identity: str, state: RateState) -> None:
        with self._said():
            text = json.dumps(state.to_json(), separators=(",", ":"))
            self._db.execute("insert or replace into pages values (?, ?)", (identity, text))
            self._db.execute("commit")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{self._path}: the count of requests to GitHub cannot be kept here ({error}). "
                "Delete the file if it is damaged, or set GROUNDSKEEPER_STATE to a directory that can be written."
            ) from error
