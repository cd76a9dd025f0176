"""Hints on disk: one line a repository however many came, kept until a tick was started for it, each delivery taken once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from bot.core.errors.user_errors import UserError

NAME = "inbox.sqlite3"
KEPT = timedelta(days=4)
"""GitHub can be asked to deliver again for three days, on a server of one's own for seven; what comes later is only one tick more."""
_VERSION = 2
_PATIENCE_MS = 500
_SCHEMA = f"""
create table hints (
    repository text primary key collate nocase, reason text not null, due real not null,
    tries integer not null default 0);
create table deliveries (guid text primary key, at real not null) without rowid;
create table hooks (id integer primary key, repository text not null);
create table repositories (repository text primary key collate nocase) without rowid;
pragma user_version = {_VERSION};
"""
_FROM_1 = f"alter table heard rename to repositories; pragma user_version = {_VERSION};"


_TAKEN = "insert or replace into deliveries values (?, ?)"
_REMEMBERED = 50_000
"""Deliveries known in memory, the newest; one that comes again after so many others is only one tick more."""
_UNWRITTEN = 500


class HintOutcome(Enum):
    """What became of a hint."""

    QUEUED = "queued"
    COALESCED = "coalesced"
    """One for the repository was waiting already; the two are one."""
    DOUBLED = "doubled"
    """This delivery was taken before."""


class InboxError(Exception):
    """The inbox cannot be written now, in SQLite's words; the delivery is not taken."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    repository: str
    reason: str
    tries: int
    turn: int


@dataclass(kw_only=True)
class Inbox:
    """One connection behind one lock: SQLite has one writer at a time, and its own way to wait for one is to sleep."""

    db: sqlite3.Connection
    now: Callable[[], datetime]
    gather: timedelta
    """How long a new hint waits for others like it."""
    changed: threading.Event
    """Set whenever there may be something new to start."""
    lock: threading.Lock
    _soon: set[str] = field(default_factory=set)
    """Names in lower case of repositories whose hint is on disk and due as soon as one can be: a further one changes nothing there."""
    _taken: dict[str, float] = field(default_factory=dict)
    """When each delivery was taken, oldest first."""
    _unwritten: list[str] = field(default_factory=list)
    """Deliveries that are not on disk yet. Their hint is; without them, should the process die now, they may be taken twice."""
    _turns: dict[str, int] = field(default_factory=dict)
    """How many hints came for each repository, so that one that comes during a start is not taken for done with it."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            try:
                self.db.execute("begin immediate")
                try:
                    yield self.db
                    self.db.execute("commit")
                except BaseException:
                    if self.db.in_transaction:
                        self.db.execute("rollback")
                    raise
            except sqlite3.Error as error:
                self._soon.clear()
                raise InboxError(f"the inbox cannot be written: {error}") from error

    def _rows(self, statement: str, given: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self.lock:
            try:
                return self.db.execute(statement, given).fetchall()
            except sqlite3.Error as error:
                raise InboxError(f"the inbox cannot be read: {error}") from error

    def take(self, guid: str, repositories: Sequence[str], reason: str) -> HintOutcome:
        """A delivery with its hints, all or nothing: one that could not be stored is not known when it comes again."""
        at, names = self.now().timestamp(), [one.lower() for one in repositories]
        with self.lock:
            if guid in self._taken:
                return HintOutcome.DOUBLED
            if self._soon.issuperset(names) and len(self._unwritten) < _UNWRITTEN:
                self._came(names)
                self._remember(guid, at)
                return HintOutcome.COALESCED  # the hint is on disk: nothing that matters is left to write, and nobody to wake
        try:
            with self._writing() as db:
                if guid in self._taken:
                    return HintOutcome.DOUBLED
                db.executemany("insert or ignore into repositories values (?)", [(one,) for one in repositories])
                fresh = [self._put(db, one, reason, at + self.gather.total_seconds()) for one in repositories]
                self._came(names)
                self._soon.update(names)
                self._remember(guid, at)
                self._write_down(db)
        except InboxError:
            self._taken.pop(guid, None)
            raise
        self.changed.set()
        return HintOutcome.QUEUED if any(fresh) else HintOutcome.COALESCED

    def _remember(self, guid: str, at: float) -> None:
        self._taken[guid] = at
        self._unwritten.append(guid)
        if len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def _write_down(self, db: sqlite3.Connection) -> None:
        if self._unwritten:
            db.executemany(_TAKEN, [(guid, self._taken[guid]) for guid in self._unwritten if guid in self._taken])
            self._unwritten.clear()

    def write_down(self) -> None:
        """What was taken and is in memory only. The starter does this each time that it looks."""
        if self._unwritten:
            with self._writing() as db:
                self._write_down(db)

    def hint(self, repository: str, reason: str, *, after: timedelta = timedelta()) -> None:
        """One of our own."""
        with self._writing() as db:
            self._put(db, repository, reason, (self.now() + after).timestamp())
            self._came((repository.lower(),))
        self.changed.set()

    def _came(self, names: Sequence[str]) -> None:
        for name in names:
            self._turns[name] = self._turns.get(name, 0) + 1

    def _put(self, db: sqlite3.Connection, repository: str, reason: str, due: float) -> bool:
        """Whether none waited. A start that failed keeps its distance: new hints do not bring it forward, or a busy repository would
        know no backoff."""
        known = db.execute(
            "update hints set due = case when tries = 0 then min(due, ?) else due end where repository = ?", (due, repository)
        ).rowcount
        if not known:
            db.execute("insert into hints (repository, reason, due) values (?, ?, ?)", (repository, reason, due))
        return not known

    def due(self) -> tuple[Waiting, ...]:
        rows = self._rows("select * from hints where due <= ? order by due, repository", (self.now().timestamp(),))
        return tuple(
            Waiting(
                repository=row["repository"], reason=row["reason"], tries=row["tries"], turn=self._turns.get(row["repository"].lower(), 0)
            )
            for row in rows
        )

    def next_due(self) -> datetime | None:
        (row,) = self._rows("select min(due) as due from hints")
        return datetime.fromtimestamp(row["due"], UTC) if row["due"] is not None else None

    def started(self, waiting: Waiting) -> None:
        """Done with, unless another hint came meanwhile; that one is due once it has gathered."""
        soon = (self.now() + self.gather).timestamp()
        with self._writing() as db:
            self._soon.discard(waiting.repository.lower())
            if self._turns.get(waiting.repository.lower(), 0) == waiting.turn:
                db.execute("delete from hints where repository = ?", (waiting.repository,))
            else:
                db.execute("update hints set tries = 0, due = ? where repository = ?", (soon, waiting.repository))

    def failed(self, waiting: Waiting, again: datetime) -> None:
        with self._writing() as db:
            self._soon.discard(waiting.repository.lower())
            db.execute("update hints set tries = tries + 1, due = ? where repository = ?", (again.timestamp(), waiting.repository))

    def forget(self, repository: str) -> None:
        with self._writing() as db:
            self._soon.discard(repository.lower())
            for table in ("hints", "repositories", "hooks"):
                db.execute(f"delete from {table} where repository = ? collate nocase", (repository,))  # noqa: S608

    def known_repositories(self) -> tuple[str, ...]:
        """Every repository that a delivery has named, until it is forgotten."""
        return tuple(row["repository"] for row in self._rows("select repository from repositories order by repository"))

    def knows(self, guid: str) -> bool:
        return guid in self._taken or bool(self._rows("select 1 from deliveries where guid = ?", (guid,)))

    def note_hook(self, hook_id: int, repository: str) -> None:
        """A repository's own webhook says its number with each delivery, which is how the audit knows whom to ask."""
        with self._writing() as db:
            db.execute("insert or replace into hooks values (?, ?)", (hook_id, repository))

    def hooks(self) -> tuple[tuple[int, str], ...]:
        return tuple((row["id"], row["repository"]) for row in self._rows("select id, repository from hooks order by id"))

    def prune(self) -> None:
        since = (self.now() - KEPT).timestamp()
        with self._writing() as db:
            db.execute("delete from deliveries where at < ?", (since,))
            self._taken = {guid: at for guid, at in self._taken.items() if at >= since}

    def recall(self) -> None:
        """The newest deliveries that an earlier process took."""
        rows = self._rows("select guid, at from deliveries order by at desc limit ?", (_REMEMBERED,))
        self._taken = {row["guid"]: row["at"] for row in reversed(rows)}

    def pending(self) -> int:
        return int(self._rows("select count(*) as n from hints")[0]["n"])

    def check(self) -> None:
        """Raises `InboxError` unless a row can be written and taken back."""
        with self._writing() as db:
            db.execute("insert or replace into deliveries values ('check', 0)")
            db.execute("delete from deliveries where guid = 'check'")

    def close(self) -> None:
        with suppress(InboxError):
            self.write_down()
        with self.lock:
            self.db.close()


def open_inbox(home: Path, *, now: Callable[[], datetime], gather: timedelta = timedelta(milliseconds=250)) -> Inbox:
    """Raises `UserError` where the file is held by another program, damaged, or in a place that cannot be written."""
    path = home / NAME
    try:
        home.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute(f"pragma busy_timeout = {_PATIENCE_MS}")
        if db.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
            raise UserError(f"{path}: this file system has no shared memory for SQLite's WAL. Give --home on a local disk.")
        # A hint lost with the power is made up for by the periodic look, so a sync at each one would buy nothing.
        db.execute("pragma synchronous = normal")
        db.execute("pragma wal_autocheckpoint = 4000")
        version = db.execute("pragma user_version").fetchone()[0]
        if version == 0:
            db.executescript(f"begin immediate; {_SCHEMA} commit;")
        elif version == 1:
            db.executescript(f"begin immediate; {_FROM_1} commit;")
        elif version != _VERSION:
            raise UserError(f"{path}: written by another version ({version}, this one has {_VERSION}). Move it away: hints can be lost.")
        inbox = Inbox(db=db, now=now, gather=gather, changed=threading.Event(), lock=threading.Lock())
        if (found := db.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
        inbox.prune()
        inbox.check()
        inbox.recall()
    except (sqlite3.OperationalError, InboxError) as error:
        raise UserError(
            f"{path}: {error}. Is another program holding it, or the disk full or read-only? Free it, or give another --home."
        ) from error
    except sqlite3.DatabaseError as error:
        raise UserError(f"{path}: {error}. Move it away: it holds only hints, and the next look at GitHub makes up for them.") from error
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}. Give --home where this user may write.") from error
    return inbox
