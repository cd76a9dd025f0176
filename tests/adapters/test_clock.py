"""The server's time decides, and time never runs backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.clock import ServerClock

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Watch:
    """This machine's own clocks, set by hand."""

    def __init__(self) -> None:
        self.ticks, self.wall = 100.0, NOON
        self.clock = ServerClock(monotonic=lambda: self.ticks, wall=lambda: self.wall, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.ticks += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_before_anything_is_heard_it_is_this_machines_time(watch: Watch) -> None:
    assert watch.clock.now() == NOON


def test_the_servers_time_takes_over_and_runs_on(watch: Watch) -> None:
    watch.clock.sync("Fri, 20 Nov 2026 12:10:00 GMT")
    watch.clock.wait(timedelta(seconds=30))

    assert watch.clock.now() == NOON + timedelta(minutes=10, seconds=30)


def test_somebody_who_sets_this_machines_clock_changes_nothing(watch: Watch) -> None:
    watch.clock.now()
    watch.wall += timedelta(days=3)

    assert watch.clock.now() == NOON


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(minutes=10), timedelta(hours=2), timedelta(days=1)])
def test_a_machine_whose_clock_is_off_goes_by_the_servers_from_the_first_answer_on(watch: Watch, off: timedelta) -> None:
    watch.wall = NOON + off
    assert watch.clock.now() == NOON + off

    watch.clock.sync("Fri, 20 Nov 2026 12:00:00 GMT")

    assert watch.clock.now() == NOON


def test_it_stands_still_where_the_server_is_behind_what_it_said_before(watch: Watch) -> None:
    watch.clock.sync("Fri, 20 Nov 2026 12:00:00 GMT")
    watch.clock.now()
    watch.clock.sync("Fri, 20 Nov 2026 11:00:00 GMT")

    assert watch.clock.now() == NOON


@pytest.mark.parametrize("header", [None, "", "yesterday", "Fri, 20 Nov 2026 12:00:01 GMT", "Fri, 20 Nov 2026 12:30:00 -0000"])
def test_what_is_no_news_changes_nothing(watch: Watch, header: str | None) -> None:
    watch.clock.sync(header)

    assert watch.clock.now() == NOON
