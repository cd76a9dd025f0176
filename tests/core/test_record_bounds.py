"""What no record may say, signed or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.facts.record import Record
from bot.core.lifecycle.record_bounds import LONGEST_LEASE, out_of_bounds
from bot.core.money.pricing import MicroUsd
from tests.core.facts import NOON, lease, record, run

LEASE = replace(lease(), taken_at=NOON, until=NOON + LONGEST_LEASE)


@pytest.mark.parametrize(
    "fine",
    [
        record(),
        record(branch="agent-1/project-7"),
        record(branch="agent-10/project-7", lease=LEASE),
        record(lease=replace(LEASE, until=NOON + LONGEST_LEASE * 2, seen_at=NOON + LONGEST_LEASE)),
        record(runs=(run(),)),
    ],
)
def test_what_the_bot_itself_writes_is_within_bounds(fine: Record) -> None:
    assert out_of_bounds(fine, 7) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (record(8), "project 8"),
        (record(epoch=-1), "epoch"),
        *((record(branch=name), "branch") for name in ("main", "agent-1/project-8", "agent-0/project-7", "agent-11/project-7", "")),
        (record(branch="agent-01/project-7"), "branch"),
        (record(branch="agent-1/project-7\n"), "branch"),
        (record(lease=replace(LEASE, until=NOON.replace(year=2126))), "lease until 2126-11-21"),
        (record(lease=replace(LEASE, until=LEASE.until + timedelta(seconds=1))), "longer than any may be"),
        (record(lease=replace(LEASE, base="main")), "where a commit belongs"),
        (record(runs=(run(head="HEAD"),)), "where a commit belongs"),
        (record(runs=(run(spent=MicroUsd(-1)),)), "less than nothing"),
        (record(lease=replace(LEASE, grant=MicroUsd(-1))), "less than nothing"),
    ],
)
def test_what_goes_beyond_is_told(wrong: Record, words: str) -> None:
    assert words in (out_of_bounds(wrong, 7) or "")
