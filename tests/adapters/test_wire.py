"""What is kept on refs reads back as it was written; anything else is refused with its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.git.wire import StopFile, encoded, entries_from, record_from, stop_from
from bot.core.facts.record import Record
from bot.core.money.ledger import Entry
from bot.ports import GitError
from tests.core.facts import NOON, run

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
st.register_type_strategy(str, TEXT)


@settings(max_examples=60)
@given(st.from_type(Record))
def test_any_record_comes_back_the_same(record: Record) -> None:
    assert record_from(encoded(record, indent=1), where="here") == record


@settings(max_examples=60)
@given(st.lists(st.from_type(Entry), max_size=4))
def test_any_ledger_comes_back_the_same_line_by_line(entries: list[Entry]) -> None:
    data = b"".join(encoded(entry) for entry in entries)

    assert data.count(b"\n") == len(entries)
    assert entries_from(data, where="here") == tuple(entries)


@settings(max_examples=30)
@given(st.from_type(StopFile))
def test_any_stop_comes_back_the_same(stop: StopFile) -> None:
    assert stop_from(encoded(stop), where="here") == stop


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"number": 7, "colour": "red"}', r"colour"),
        (b'{"number": 7, "lease": {"vip": true}}', r"lease"),
        (b'{"number": "seven"}', r"number"),
        (b"null", r"empty"),
        (b"", r"not what it should be"),
        (b"\xff\xfe", r"not what it should be"),
    ],
)
def test_what_somebody_else_wrote_is_refused_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(GitError, match=words) as caught:
        record_from(data, where="refs/groundskeeper/project/7 (1234567890), record.json")

    assert str(caught.value).startswith("refs/groundskeeper/project/7 (1234567890), record.json")


def test_a_spoiled_line_of_the_ledger_is_named_by_its_number() -> None:
    with pytest.raises(GitError, match=r"2026-11.jsonl, line 2"):
        entries_from(b"\n{}\n", where="2026-11.jsonl")


def test_a_time_without_a_zone_is_refused_since_nothing_could_be_compared_with_it() -> None:
    naive = encoded(StopFile(stopped=True, by="ann", at=NOON)).replace(b"Z", b"").replace(b"+00:00", b"")

    with pytest.raises(GitError, match="without a zone"):
        stop_from(naive, where="here")


def test_half_a_character_in_a_report_loses_no_run() -> None:
    kept = record_from(encoded(Record(number=7, runs=(run(report="fine \ud800 so far"),))), where="here")

    assert kept.runs[0].report == "fine ? so far"
