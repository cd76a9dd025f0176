"""The governor's rules one by one, and for any order of calls."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import Call, Counted, Urgency
from bot.adapters.github.rate_state import DeferReason, Deferred, Granted, RateState
from bot.ports import GitHubError, GitHubErrorKind
from tests.adapters.counting import MINUTE, NOON, PATIENCE, OwnClock, Sent, goes, low, violations


def test_a_limit_without_a_time_lasts_a_minute_and_twice_as_long_each_time_until_a_write_goes_through() -> None:
    clock = OwnClock()
    governor = Governor(clock=clock)
    lasted = []
    for _ in range(8):
        until = governor.silence("ann", None)
        assert governor.silence("ann", None) == until  # the answer to a call that was under way at the same time
        lasted.append((until - clock.time) / MINUTE)
        clock.time = until
    assert lasted == [1, 2, 4, 8, 16, 32, 60, 60]

    write = Call(writes=True)
    with governor.turn("ann", write):
        pass
    governor.record_answer("ann", write, {}, done=True)
    assert governor.silence("ann", None) - clock.time == MINUTE


def test_a_limit_is_the_identitys_own_and_a_primary_one_the_resources() -> None:
    clock = OwnClock()
    governor, at_ten = Governor(clock=clock), NOON + 10 * MINUTE
    governor.silence("ann", at_ten, resource="graphql")

    assert goes(governor, Call())
    with (
        pytest.raises(GitHubError, match=r"GitHub asked ann to wait until 12:10:00 UTC") as caught,
        governor.turn("ann", Call(resource="graphql")),
    ):
        pass
    assert caught.value.resume_at == at_ten
    with governor.turn("bea", Call(resource="graphql")):
        pass


def test_the_end_of_the_hourly_budget_is_kept_for_reviews() -> None:
    clock = OwnClock()
    governor, reset = Governor(clock=clock), NOON + 20 * MINUTE
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "1200", "x-ratelimit-reset": f"{reset.timestamp():.0f}"}
    governor.record_answer("ann", Call(), headers, done=True)

    assert goes(governor, Call(urgency=Urgency.REVIEW))
    with (
        pytest.raises(GitHubError, match="1200 of its 5000 requests an hour") as caught,
        governor.turn("ann", Call(urgency=Urgency.EXECUTION)),
    ):
        pass
    assert caught.value.resume_at == reset
    governor.record_answer("ann", Call(), headers | {"x-ratelimit-remaining": "0"}, done=False)
    assert not goes(governor, Call(urgency=Urgency.REVIEW))
    clock.time = reset
    assert goes(governor, Call(urgency=Urgency.IDEATION))


def test_what_no_limit_would_ever_allow_is_refused_for_good() -> None:
    with (
        pytest.raises(GitHubError, match="Ask for less at once") as caught,
        Governor(clock=OwnClock()).turn("ann", Call(writes=True, creates=81)),
    ):
        pass
    assert caught.value.kind is GitHubErrorKind.REFUSED


CALLS = st.builds(
    Call,
    urgency=st.sampled_from(Urgency),
    writes=st.just(True),
    creates=st.integers(0, 3),
    resource=st.sampled_from(["core", "graphql"]),
) | st.builds(Call, urgency=st.sampled_from(Urgency))
TIGHT = replace(low(points=60, per_minute=8, per_hour=40), margin=Fraction(1))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 2), CALLS), max_size=80))
def test_no_order_of_calls_breaks_a_limit(wishes: list[tuple[float, int, Call]]) -> None:
    state, now, sent = RateState(), NOON.timestamp(), []
    for gap, asker, call in wishes:
        now += gap
        state = RateState.from_json(state.to_json())  # as it is between two processes
        found = state.admit(TIGHT, call, now, process=str(asker))
        if isinstance(found, Granted):
            assert now <= found.at <= now + TIGHT.longest_wait[Urgency.REVIEW].total_seconds()
            points = call.cost(Counted.REST_POINTS)
            sent.append(
                Sent(agent=asker, urgency=call.urgency, wanted=now, at=found.at, points=points, created=call.creates, writes=call.writes)
            )
        else:
            assert found.until > now

    assert violations(sent, points=60, per_minute=8, per_hour=40) == []


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 30), CALLS), max_size=60), CALLS)
def test_whoever_comes_again_when_told_goes_at_last(before: list[tuple[float, Call]], call: Call) -> None:
    state, now = RateState(), NOON.timestamp()
    for gap, one in before:
        now += gap
        state.admit(TIGHT, one, now)
    times = 0
    while isinstance(found := state.admit(TIGHT, call, now, process="last"), Deferred):
        assert found.why is not DeferReason.NEVER
        now, times = found.until, times + 1
        assert times < 12

    assert now <= NOON.timestamp() + 30 * 60 + 3600 + PATIENCE


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 90), CALLS, st.none() | st.floats(0, 300)), max_size=30))
def test_nothing_is_sent_while_github_asks_for_silence(story: list[tuple[float, Call, float | None]]) -> None:
    state, now, silent = RateState(), NOON.timestamp(), 0.0
    for gap, call, told in story:
        now += gap
        found = state.admit(TIGHT, call, now)
        assert not isinstance(found, Granted) or found.at >= silent
        if told is not None:
            silent = max(silent, state.silence(TIGHT, "*", now + told, now))
