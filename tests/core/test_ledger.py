"""Money: reserved before, settled after, and never above a cap, whatever happens in whatever order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.money.ledger import (
    Caps,
    Entry,
    EntryKind,
    Ledger,
    Unaffordable,
    affordable,
    committed,
    reserved,
    settled,
    start_of_day,
    with_reservation,
    with_settlement,
)
from bot.core.money.pricing import MicroUsd, Price, Rate, Usage, cost, dollars, usd, worst_case
from bot.core.roles.role import Role
from tests.core.facts import NOON

CAPS = Caps(daily=usd(7), monthly=usd(20))


def entry(run: str, amount: float, kind: EntryKind = EntryKind.RESERVE, *, hours: float = 0) -> Entry:
    return Entry(kind=kind, at=NOON + timedelta(hours=hours), run=run, project=1, role=Role.EXECUTION, agent=1, amount=usd(amount))


def test_a_cap_that_pays_for_three_and_a_half_runs_pays_for_three() -> None:
    ledger = Ledger()
    for name in ("a", "b", "c"):
        after = with_reservation(ledger, entry(name, 2), CAPS)
        assert isinstance(after, Ledger)
        ledger = after

    refused = with_reservation(ledger, entry("d", 2), CAPS)

    assert isinstance(refused, Unaffordable)
    assert refused.until == start_of_day(NOON) + timedelta(days=1)
    assert (
        refused.reason == "the daily cap of $7.00 leaves $1.00 ($6.00 used, $6.00 of it reserved by running agents), and a run needs $2.00"
    )


def test_settling_below_the_grant_frees_the_rest_at_once() -> None:
    ledger = Ledger(entries=(entry("a", 6), entry("a", 1, EntryKind.SETTLE)))

    assert affordable(ledger, CAPS, usd(6), NOON) is None
    assert committed(ledger, start_of_day(NOON)) == usd(1)


def test_a_run_is_settled_once() -> None:
    once = with_settlement(Ledger(entries=(entry("a", 2),)), entry("a", 1, EntryKind.SETTLE))

    assert with_settlement(once, entry("a", 2, EntryKind.SETTLE)) == once


def test_the_next_day_is_free_again_but_not_the_month() -> None:
    ledger = Ledger(entries=tuple(one for day in range(3) for one in (entry(f"{day}", 6, EntryKind.SETTLE, hours=24 * day),)))
    later = NOON + timedelta(days=3)

    refused = affordable(ledger, CAPS, usd(6), later)

    assert affordable(ledger, CAPS, usd(2), later) is None
    assert refused is not None
    assert "monthly" in refused.reason
    assert refused.until.isoformat() == "2026-12-01T00:00:00+00:00"


def test_what_is_reserved_overnight_still_counts_today() -> None:
    ledger = Ledger(entries=(entry("a", 6, hours=-20),))

    assert affordable(ledger, CAPS, usd(2), NOON) is not None


steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "settle"]), st.integers(0, 9), st.integers(0, 5_000_000), st.integers(0, 30)), max_size=60
)


@given(steps)
def test_no_order_of_events_overruns_a_cap(events: list[tuple[str, int, int, int]]) -> None:
    ledger, now, taken = Ledger(), NOON, 0
    grants: dict[str, MicroUsd] = {}
    for kind, number, amount, hours in events:
        now += timedelta(hours=hours)
        if kind == "reserve":
            taken += 1
            name = f"run-{taken}"
            after = with_reservation(
                ledger,
                Entry(kind=EntryKind.RESERVE, at=now, run=name, project=1, role=Role.REVIEW, agent=1, amount=MicroUsd(amount)),
                CAPS,
            )
            if isinstance(after, Ledger):
                ledger, grants[name] = after, MicroUsd(amount)
        elif grants:
            name = sorted(grants)[number % len(grants)]
            spent = MicroUsd(min(amount, grants.pop(name)))
            ledger = with_settlement(
                ledger, Entry(kind=EntryKind.SETTLE, at=now, run=name, project=1, role=Role.REVIEW, agent=1, amount=spent)
            )
        assert committed(ledger, start_of_day(now)) <= CAPS.daily
        assert settled(ledger, start_of_day(now)) + reserved(ledger) == committed(ledger, start_of_day(now))


PRICE = Price(model="m", rate=Rate(input=2_000_000, output=10_000_000, cache_read=100_000, cache_write=2_500_000), context=1_000_000)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5))
def test_no_answer_costs_more_than_its_worst_case(fresh: int, read: int, written: int, output: int) -> None:
    usage = Usage(input=fresh, cache_read=read, cache_write=written, output=output)

    assert cost(usage, PRICE) <= worst_case(prompt_tokens=usage.prompt, max_tokens=output, price=PRICE)


def test_small_sums_are_not_shown_as_nothing() -> None:
    assert [dollars(usd(amount)) for amount in (0, 0.0004, 0.5, 12)] == ["$0.00", "$0.0004", "$0.50", "$12.00"]
