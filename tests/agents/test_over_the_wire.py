"""A whole run over the real SDK: what the loop says between the answers is what the API takes."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from bot.adapters.claude import Claude
from bot.adapters.prices import read_prices
from bot.agents.run import run_brief
from bot.core.money.pricing import Usage, cost, usd
from bot.core.roles.role import Role
from bot.core.runs.run import Ending, Grant
from tests.agents.harness import Harness
from tests.messages_api import Answer, Fault, MessagesApi, Scripted, tool_use

MODEL = "claude-sonnet-5-5"


def test_reminders_warnings_retries_and_resumption_are_turns_that_the_api_takes(harness: Harness) -> None:
    brief = harness.brief(Role.IDEATION, model=MODEL, grant=Grant(money=usd(3), steps=4, time=timedelta(minutes=30)))
    answers: list[Scripted] = [
        Answer(blocks=[], stop="end_turn"),
        Answer(blocks=[{"type": "text", "text": "Hm."}], stop="end_turn"),
        Fault(status=529, type="overloaded_error"),
        Answer(blocks=[tool_use("bash", "t1", command="echo one"), tool_use("bash", "t2", command="echo two")]),
        Answer(blocks=[{**tool_use("bash", "t3"), "raw": '{"comm'}], stop="max_tokens"),
        Answer(blocks=[tool_use("nothing_left", "t4", reason="all is well")]),
    ]
    with (
        MessagesApi(answers=list(answers)).served() as api,
        closing(Claude(api_key="sk-test", prices=read_prices(), clock=harness.clock, base_url=api.url)) as model,
    ):
        first = run_brief(brief, harness.ports(model))
        second = run_brief(harness.brief(Role.IDEATION, model=MODEL, transcript=first.transcript), harness.ports(model))

    assert (first.ending, first.steps) == (Ending.UNFINISHED, 4)
    assert (second.ending, second.steps) == (Ending.FINISHED, 1)
    assert "Only a little is left" in str(api.requests[-3]["messages"])
    assert first.spend.money + second.spend.money == sum(
        cost(_usage(answer), read_prices()[MODEL]) for answer in answers if isinstance(answer, Answer)
    )


def _usage(answer: Answer) -> Usage:
    return Usage(input=answer.input, output=answer.output, cache_read=answer.cache_read, cache_write=answer.cache_write)
