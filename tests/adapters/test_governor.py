"""The governor under more work than GitHub allows: ten agents, two processes, three machines."""

from __future__ import annotations

import heapq
import multiprocessing
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import GITHUB, Call, Limits, Urgency
from bot.adapters.github.rate_state import RateState
from bot.adapters.github.rate_store import FileRateStore, MemoryRateStore
from bot.core.errors.user_errors import UserError
from tests.adapters.counting import MINUTE, NOON, PATIENCE, OwnClock, Sent, goes, low, refused_until, violations


def test_the_checker_sees_what_is_wrong() -> None:
    def burst(count: int, gap: float) -> list[Sent]:
        return [Sent(agent=0, urgency=Urgency.REVIEW, wanted=0, at=place * gap, points=5, created=1, writes=True) for place in range(count)]

    assert violations(burst(10, 1), points=50, per_minute=10, per_hour=10) == []
    assert violations(burst(10, 1), points=49, per_minute=10, per_hour=10) == ["at 9.0 s: 50 points a minute, of 49"]
    assert violations(burst(11, 6), points=500, per_minute=10, per_hour=100) == []
    assert violations(burst(11, 5.9), points=500, per_minute=10, per_hour=100) == ["at 59.0 s: 11 created a minute, of 10"]
    assert violations(burst(2, 0.9), points=500, per_minute=10, per_hour=100) == ["0.900 s between writes"]


REVIEWERS, BUILDERS, DREAMERS = range(3), range(3, 7), range(7, 10)


@dataclass
class Hour:
    sent: list[Sent] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    left: list[Sent] = field(default_factory=list)
    """What was still waiting at its end, as if sent then."""

    def waits(self, urgency: Urgency) -> list[float]:
        return [one.at - one.wanted for one in self.sent + self.left if one.urgency is urgency]


def an_hour(limits: Limits, *, seed: int) -> Hour:
    """Three review now and then, four build and three dream as fast as they are let."""
    random, hour, store = Random(seed), Hour(), MemoryRateStore()
    clocks = [OwnClock() for _ in range(10)]
    governors = [Governor(clock=clock, limits=limits, store=store) for clock in clocks]
    queue = [(random.random(), agent) for agent in range(10)]
    wishes: dict[int, Sent] = {}
    while queue[0][0] < 3600:
        time, agent = heapq.heappop(queue)
        if agent not in wishes:
            urgency = Urgency.REVIEW if agent in REVIEWERS else Urgency.EXECUTION if agent in BUILDERS else Urgency.IDEATION
            writes = random.random() < 0.5
            created, points = int(writes and random.random() < 0.7), 5 if writes else 1
            wishes[agent] = Sent(agent=agent, urgency=urgency, wanted=time, at=3600, points=points, created=created, writes=writes)
        wish, clock = wishes[agent], clocks[agent]
        clock.time = NOON + timedelta(seconds=time)
        until = refused_until(governors[agent], Call(urgency=wish.urgency, writes=wish.writes, creates=wish.created))
        if until is not None:
            hour.refused[agent] += 1
            again = (until - NOON).total_seconds() + random.random()
        else:
            at = (clock.time - NOON).total_seconds()
            hour.sent.append(replace(wishes.pop(agent), at=at))
            again = at + (random.uniform(20, 60) if agent in REVIEWERS else random.uniform(0.1, 0.5))
        heapq.heappush(queue, (again, agent))
    hour.left = list(wishes.values())
    return hour


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_agents_work_an_hour_under_a_low_limit(seed: int) -> None:
    hour = an_hour(low(points=120, per_minute=10, per_hour=600), seed=seed)

    assert violations(hour.sent, points=120, per_minute=10, per_hour=600) == []
    assert all(hour.refused[agent] for agent in (*BUILDERS, *DREAMERS))  # there was more to do than was allowed
    context = [sum(found) / len(found) for found in map(hour.waits, (Urgency.REVIEW, Urgency.EXECUTION, Urgency.IDEATION))]
    assert context == sorted(context)
    assert max(hour.waits(Urgency.REVIEW)) < 15
    assert max(max(map(hour.waits, Urgency))) < PATIENCE + 30
    for quarter in range(4):
        assert {one.agent for one in hour.sent if quarter * 900 <= one.at < (quarter + 1) * 900} == set(range(10))


def test_an_hour_that_a_burst_could_use_up_is_still_shared() -> None:
    hour = an_hour(low(points=900, per_minute=80, per_hour=300), seed=3)

    assert violations(hour.sent, points=900, per_minute=80, per_hour=300) == []
    assert max(hour.waits(Urgency.REVIEW)) < 300
    assert max(max(map(hour.waits, Urgency))) < PATIENCE + 900  # a quarter of an hour is the stretch that may be full


def test_processes_that_share_the_book_share_the_limit(tmp_path: Path) -> None:
    """Both at the same minute, each with its own governor; whatever their order is, together they are let through as one would be."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        let_through = pool.map(greedy, [tmp_path / "book.sqlite3"] * 2, chunksize=1)

    assert sum(let_through) == 18  # nine tenths of 20


def greedy(path: Path) -> int:
    limits = replace(low(points=900, per_minute=20, per_hour=500), pause=timedelta())
    governor = Governor(clock=OwnClock(), limits=limits, store=FileRateStore(path))
    return sum(goes(governor, Call(writes=True, creates=1)) for _ in range(15))


def test_a_process_that_dies_in_its_turn_leaves_the_book_as_it_was(tmp_path: Path) -> None:
    store, other = FileRateStore(tmp_path / "book.sqlite3"), FileRateStore(tmp_path / "book.sqlite3")

    def die() -> None:
        with store.state("ann") as state:
            state.strikes = 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    with other.state("ann") as state:
        assert state == RateState()


def test_a_book_that_is_something_else_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "book.sqlite3").write_text("A letter to my aunt, which is long enough to be no database at all. " * 20)

    with pytest.raises(UserError, match=r"book\.sqlite3.*GROUNDSKEEPER_STATE"):
        FileRateStore(tmp_path / "book.sqlite3")


def test_runners_that_cannot_see_each_other_keep_to_their_shares() -> None:
    """Three of them, each with a book of its own, together send no more than one may."""
    limits, clocks = low(points=900, per_minute=30, per_hour=500).shared_by(3), [OwnClock() for _ in range(3)]
    governors = [Governor(clock=clock, limits=replace(limits, longest_wait=dict.fromkeys(Urgency, MINUTE))) for clock in clocks]
    sent = []
    for agent, governor in enumerate(governors):
        while goes(governor, Call(writes=True, creates=1)) and clocks[agent].time < NOON + MINUTE:
            at = (clocks[agent].time - NOON).total_seconds()
            sent.append(Sent(agent=agent, urgency=Urgency.REVIEW, wanted=0, at=at, points=5, created=1, writes=True))

    assert violations(sent, points=900, per_minute=30, per_hour=500, pause=0) == []
    for agent in range(3):
        own = [one.at for one in sent if one.agent == agent]
        assert len(own) >= 9
        assert min(after - before for before, after in pairwise(own)) == pytest.approx(3)


@pytest.mark.parametrize("runners", [0, -1, 21])
def test_a_number_of_runners_that_makes_no_sense_is_refused(runners: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 20"):
        GITHUB.shared_by(runners)
