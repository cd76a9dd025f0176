"""What counts as an order, and what each order does to a project's record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.orders.commands import Command, UnknownOrder, Verb, is_mention, parsed
from bot.core.orders.labels import HOLD, READY, Priority
from bot.core.orders.project_orders import Mention, OrderContext, Orders, after_replies, orders_after, why_paused
from tests.core.facts import NOON

HELD = OrderContext(labels=frozenset({READY}), agents=2)


def meant(body: str) -> list[Command | UnknownOrder]:
    return [line.meant for line in parsed(body)]


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/agent why", Command(verb=Verb.WHY)),
        ("  /Agent  STATUS  ", Command(verb=Verb.STATUS)),
        ("/agent hold please", Command(verb=Verb.HOLD)),
        ("/agent hold, please.", Command(verb=Verb.HOLD)),
        ("Let us wait for the release.\r\n\r\n/agent hold until Monday", Command(verb=Verb.HOLD)),
        ("> do you mean it?\n\nYes.\n/agent stop", Command(verb=Verb.STOP)),
        ("```\nlog\n```\n/agent retry", Command(verb=Verb.RETRY)),
        ("/agent assign 2", Command(verb=Verb.ASSIGN, agent=2)),
        ("/agent assign agent-10", Command(verb=Verb.ASSIGN, agent=10)),
        ("/agent assign agent 3", Command(verb=Verb.ASSIGN, agent=3)),
        ("/agent priority High", Command(verb=Verb.PRIORITY, priority=Priority.HIGH)),
    ],
)
def test_an_order_is_a_line_of_its_own(body: str, command: Command) -> None:
    assert meant(body) == [command]


@pytest.mark.parametrize(
    "body",
    [
        "please /agent stop",
        "`/agent stop`",
        "> /agent stop",
        "> he said\n/agent stop",
        "    /agent stop",
        "\t/agent stop",
        "```\n/agent stop\n```",
        "~~~~ text\n~~~\n/agent stop\n~~~~",
        "- ```\n  /agent stop\n  ```",
        "```\n/agent stop",
        "<!--\n/agent stop\n-->",
        "<!-- /agent stop -->",
        "a <!--\n/agent stop",
        "- /agent stop",
        "/agents stop",
        "/agent-stop",
        "//agent stop",
        "",
    ],
)
def test_quotes_code_and_hidden_text_are_no_orders(body: str) -> None:
    assert not is_mention(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("/agent", "What shall I do?"),
        ("/agent hodl", "Did you mean `/agent hold`?"),
        ("/agent frobnicate", "I know `why`"),
        ("/agent assign", "Which agent?"),
        ("/agent assign 0", "Which agent?"),
        ("/agent assign ٣", "Which agent?"),
        ("/agent priority", "`/agent priority high`, `normal` or `low`"),
        ("/agent priority hihg", "Did you mean `/agent priority high`?"),
    ],
)
def test_what_is_not_understood_is_answered_kindly(body: str, words: str) -> None:
    (said,) = meant(body)
    assert isinstance(said, UnknownOrder)
    assert words in said.hint


@given(st.text(max_size=300))
def test_any_text_is_read_without_trouble(body: str) -> None:
    assert is_mention(body) == bool(parsed(body))
    assert len(parsed(body)) <= 5


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="`~<>\r\n"), max_size=40), max_size=6), st.sampled_from(Verb))
def test_whatever_stands_in_a_fence_is_no_order(lines: list[str], verb: Verb) -> None:
    body = "\n".join(["```", *lines, f"/agent {verb.value} 1", "```"])
    assert not is_mention(body)


@given(st.permutations(list(Verb)))
def test_several_orders_of_one_comment_are_read_in_their_order(verbs: list[Verb]) -> None:
    extra = {Verb.ASSIGN: " 1", Verb.PRIORITY: " low"}
    body = "\n".join(f"/agent {verb.value}{extra.get(verb, '')}" for verb in verbs)
    assert [one.verb for one in meant(body) if isinstance(one, Command)] == verbs[:5]


def said(body: str, comment: int = 1, *, by: str = "ann", may_write: bool = True) -> Mention:
    return Mention(comment=comment, on=7, by=by, at=NOON, may_write=may_write, body=body)


def after(*words: Mention, orders: Orders | None = None, context: OrderContext = HELD, busy: int | None = None) -> Orders:
    return orders_after(orders or Orders(), words, context, NOON, busy=busy)


@given(
    st.lists(st.sampled_from(["hold", "resume", "skip", "assign 1", "unassign", "retry", "priority low", "why", "nonsense"]), max_size=8)
)
def test_hearing_again_changes_nothing_and_everybody_is_owed_one_answer(bodies: list[str]) -> None:
    words = [said(f"/agent {body}", comment) for comment, body in enumerate(bodies, 1)]
    once = after(*words)
    assert after(*words, orders=once) == once
    one_by_one = Orders()
    for word in words:
        one_by_one = after(word, orders=one_by_one)
    assert one_by_one == once
    assert [reply.comment for reply in once.pending_replies] == list(range(1, len(bodies) + 1))
    answered = after_replies(once, frozenset(range(1, len(bodies) + 1)))
    assert answered.pending_replies == ()
    assert after(*words, orders=answered) == answered


def test_hold_and_skip_park_it_and_resume_lets_it_go_on() -> None:
    held = after(said("/agent hold"))
    assert "@ann wrote `/agent hold`" in (why_paused(held) or "")
    skipped = after(said("/agent skip", 2), orders=held)
    free = after(said("/agent resume", 3), orders=skipped, context=OrderContext(labels=frozenset({READY, HOLD}), agents=2))
    assert why_paused(free) is None
    assert free.pending_replies[-1].remove == (HOLD,)


def test_who_may_not_write_is_told_so_once_and_never_obeyed() -> None:
    orders = after(said("/agent hold", 1, by="eve", may_write=False), said("/agent stop", 2, by="eve", may_write=False))
    assert why_paused(orders) is None
    (reply,) = orders.pending_replies
    assert "write access" in reply.text
    assert not reply.stops


@pytest.mark.parametrize(
    ("body", "context", "busy", "words"),
    [
        ("/agent assign 3", HELD, None, "There is no agent 3; there are agents 1 to 2"),
        ("/agent retry", HELD, 1, "Agent 1 is at work on it"),
        ("/agent retry", OrderContext(open=False), None, "The issue is closed"),
        ("/agent retry", OrderContext(), None, "It is not queued"),
        ("/agent hold", OrderContext(over="merged with pull request #8"), None, "it is over (merged with pull request #8)"),
        ("/agent hold", OrderContext(no_project="nobody asked"), None, "#7 is no project of mine: nobody asked."),
        ("/agent why", OrderContext(no_project="nobody asked"), None, "#7 is no project of mine: nobody asked."),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(body: str, context: OrderContext, busy: int | None, words: str) -> None:
    orders = after(said(body), context=context, busy=busy)
    assert words in orders.pending_replies[0].text
    assert (orders.held, orders.skipped, orders.assigned, orders.retried) == (None, None, None, None)


def test_stop_is_heard_anywhere() -> None:
    assert after(said("/agent stop"), context=OrderContext(no_project="nobody asked")).pending_replies[0].stops


def test_retry_clears_what_held_it() -> None:
    orders = after(said("/agent hold"), said("/agent skip", 2), said("/agent retry", 3))
    assert why_paused(orders) is None
    assert orders.retried is not None
    assert orders.retried.at == NOON


def test_memory_of_what_was_heard_is_bounded_and_forgets_towards_heard() -> None:
    orders = after(*(said("/agent why", comment) for comment in range(1, 1101)))
    assert len(orders.handled) == 1000
    assert orders.has_handled(1)
    assert not orders.has_handled(1101)
    assert after(said("/agent hold", 50), orders=orders, context=HELD).held is None


@pytest.mark.parametrize("context", [HELD, replace(HELD, no_project="nobody queued it"), replace(HELD, open=False, over="merged")])
def test_help_lists_every_order_wherever_it_is_asked_for(context: OrderContext) -> None:
    (reply,) = after(said("/agent help"), context=context).pending_replies
    assert [verb.value for verb in Verb if f"/agent {verb.value}" not in reply.text] == []
    assert not is_mention(reply.text)
