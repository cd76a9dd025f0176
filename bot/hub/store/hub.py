"""Where the embedded GitHub keeps what it knows: one SQLite file, a folder of bare repositories and a clock."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.hub.store.events import Event

SCHEMA = Path(__file__).with_name("schema.sql")
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)


@dataclass(kw_only=True)
class Hub:
    root: Path
    clock: Callable[[], datetime] = utc_now
    base_url: str = "http://127.0.0.1"
    sandboxed: bool = True
    listeners: tuple["Listener", ...] = ()
    _mine: threading.local = field(default_factory=threading.local, repr=False)
    _all: list[sqlite3.Connection] = field(default_factory=list, repr=False)

    def db(self) -> sqlite3.Connection:
        """This thread's own connection: SQLite's transactions belong to connections, so sharing one would mix two requests."""
        mine: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if mine is None:
            mine = self._mine.connection = _connect(self.root / "hub.sqlite")
            self._all.append(mine)
        return mine

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One write at a time; a write inside a write is part of it."""
        db = self.db()
        if db.in_transaction:
            yield db
            return
        db.execute("begin immediate")
        try:
            yield db
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")

    def announce(self, event: Event) -> None:
        """Tells everyone who listens, in their order and as part of the write that it happened in."""
        for listener in self.listeners:
            listener(self, event)

    def now(self) -> str:
        return stamp(self.clock())

    def later(self, seconds: float) -> str:
        return stamp(self.clock() + timedelta(seconds=seconds))

    def close(self) -> None:
        """Lets go of the file; a connection opened afterwards is a new one."""
        self._mine = threading.local()
        while self._all:
            self._all.pop().close()


Listener = Callable[[Hub, Event], None]


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=512)
    db.row_factory = sqlite3.Row
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = off")  # a hub that loses its last moment to a power cut loses a rehearsal, not a record
    return db


def open_hub(root: Path, *, clock: Callable[[], datetime] = utc_now, base_url: str = "http://127.0.0.1", sandboxed: bool = True) -> Hub:
    (root / "repositories").mkdir(parents=True, exist_ok=True)
    hub = Hub(root=root, clock=clock, base_url=base_url, sandboxed=sandboxed)
    hub.db().executescript(SCHEMA.read_text())
    return hub
