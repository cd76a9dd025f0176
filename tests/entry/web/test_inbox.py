"""Hints on disk: coalesced, taken once, there after a restart, and clear words where the file is no good."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors.user_errors import UserError
from bot.entry.web.inbox import KEPT, NAME, HintOutcome, Inbox, InboxError, open_inbox
from tests.entry.web.webhook_app import POTS, Builder, guid


def take(inbox: Inbox, name: str | None = None, *repositories: str) -> HintOutcome:
    return inbox.take(name or guid(), repositories or (POTS,), "issues labeled")


def test_a_burst_of_a_hundred_from_eight_threads_is_one(builder: Builder) -> None:
    inbox = builder.build().inbox
    names = [guid() for _ in range(100)]
    fates: list[HintOutcome] = []
    threads = [
        threading.Thread(target=lambda part: fates.extend(take(inbox, one) for one in part), args=(names[at::8],)) for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert inbox.due() == ()
    builder.clock.wait(timedelta(seconds=1))
    (waiting,) = inbox.due()
    inbox.started(waiting)
    assert (sorted(fate.value for fate in fates), inbox.pending()) == (["coalesced"] * 99 + ["queued"], 0)
    inbox.close()


def test_what_was_taken_is_there_after_a_crash(builder: Builder) -> None:
    name = guid()
    crashed = builder.build().inbox
    take(crashed, name)  # and never closed

    inbox = builder.build().inbox
    builder.clock.wait(timedelta(seconds=1))
    assert [waiting.repository for waiting in inbox.due()] == [POTS]
    assert take(inbox, name) is HintOutcome.DOUBLED
    assert inbox.known_repositories() == (POTS,)
    for one in (inbox, crashed):
        one.close()


def test_a_hint_during_the_start_is_not_done_with_it(builder: Builder) -> None:
    inbox = builder.build().inbox
    take(inbox)
    builder.clock.wait(timedelta(seconds=1))
    (waiting,) = inbox.due()
    take(inbox)
    inbox.started(waiting)

    assert inbox.due() == ()
    builder.clock.wait(timedelta(seconds=1))
    assert len(inbox.due()) == 1
    inbox.close()


def test_after_a_start_the_next_delivery_is_a_hint_again_however_its_name_is_spelled(builder: Builder) -> None:
    inbox = builder.build().inbox
    fates = []
    for name in ("garden/pots", "Garden/Pots", "garden/Pots"):
        fates += [take(inbox, None, name), take(inbox, None, name)]
        builder.clock.wait(timedelta(seconds=1))
        (waiting,) = inbox.due()
        inbox.started(waiting)

    assert fates == [HintOutcome.QUEUED, HintOutcome.COALESCED] * 3
    assert inbox.pending() == 0
    inbox.close()


def test_new_hints_do_not_bring_a_failed_start_forward(builder: Builder) -> None:
    inbox = builder.build().inbox
    take(inbox)
    builder.clock.wait(timedelta(seconds=1))
    (waiting,) = inbox.due()
    again = builder.clock.now() + timedelta(minutes=1)
    inbox.failed(waiting, again)
    take(inbox)

    assert inbox.next_due() == again
    inbox.close()


def test_deliveries_are_forgotten_when_github_has_forgotten_them(builder: Builder) -> None:
    inbox, name = builder.build().inbox, guid()
    take(inbox, name)
    builder.clock.wait(KEPT - timedelta(minutes=1))
    inbox.prune()
    assert inbox.knows(name)
    builder.clock.wait(timedelta(minutes=2))
    inbox.prune()
    assert not inbox.knows(name)
    inbox.close()


def test_a_name_in_another_case_is_the_same_repository(builder: Builder) -> None:
    inbox = builder.build().inbox
    take(inbox, None, "garden/pots", "Garden/Pots")

    assert (inbox.pending(), inbox.known_repositories()) == (1, ("garden/pots",))
    inbox.forget("GARDEN/POTS")
    assert (inbox.pending(), inbox.known_repositories()) == (0, ())
    inbox.close()


def test_a_delivery_is_stored_with_all_its_hints_or_not_at_all(builder: Builder) -> None:
    inbox, name = builder.build().inbox, guid()
    inbox.db.execute(
        "create trigger full before insert on hints when new.repository = 'garden/beds' begin select raise(abort, 'disk full'); end"
    )

    with pytest.raises(InboxError, match="the inbox cannot be written: disk full"):
        take(inbox, name, "garden/pots", "garden/beds")
    assert (inbox.pending(), inbox.knows(name)) == (0, False)
    inbox.close()


def _opened(home: Path) -> str:
    clock = Builder(home=home).clock
    with pytest.raises(UserError) as refused:
        open_inbox(home, now=clock.now)
    return str(refused.value)


def test_a_damaged_file_is_said_with_what_to_do(builder: Builder) -> None:
    inbox = builder.build().inbox
    for _ in range(500):
        take(inbox)
    inbox.close()
    path = builder.home / NAME
    whole = path.read_bytes()

    path.write_bytes(b"not SQLite at all, and rather longer than a header" * 100)
    assert _opened(builder.home) == (
        f"{path}: file is not a database. Move it away: it holds only hints, and the next look at GitHub makes up for them."
    )
    path.write_bytes(whole[:4096] + b"\xee" * (len(whole) - 4096))
    assert "Move it away" in _opened(builder.home)


def test_a_file_of_the_version_before_is_taken_over_with_all_that_is_in_it(builder: Builder) -> None:
    builder.home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(builder.home / NAME)) as db:
        db.executescript(
            """create table hints (repository text primary key collate nocase, reason text not null, due real not null,
                   tries integer not null default 0);
               create table deliveries (guid text primary key, at real not null) without rowid;
               create table hooks (id integer primary key, repository text not null);
               create table heard (repository text primary key collate nocase) without rowid;
               insert into hints values ('garden/pots', 'an issue was labelled', 0, 0);
               insert into heard values ('garden/pots');
               pragma user_version = 1;"""
        )

    inbox = open_inbox(builder.home, now=builder.clock.now)

    assert inbox.known_repositories() == ("garden/pots",)
    assert [one.repository for one in inbox.due()] == ["garden/pots"]
    inbox.close()


def test_a_file_of_another_version_is_not_guessed_at(builder: Builder) -> None:
    builder.build().inbox.close()
    with sqlite3.connect(builder.home / NAME) as db:
        db.execute("pragma user_version = 9")
    db.close()

    assert "written by another version (9, this one has 2)" in _opened(builder.home)


def test_a_home_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    assert _opened(tmp_path / "home") == f"{tmp_path / 'home' / NAME}: File exists. Give --home where this user may write."


def test_a_file_that_another_program_holds_is_named(builder: Builder) -> None:
    builder.build().inbox.close()
    holder = sqlite3.connect(builder.home / NAME, isolation_level=None)
    holder.execute("pragma locking_mode = exclusive")
    holder.execute("begin exclusive")

    assert "database is locked. Is another program holding it" in _opened(builder.home)
    holder.close()
