"""Limits, trouble and misuse: the loop makes an ending of each, and never spends more than its grant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.scripted import Scene, ScriptedModel, Step, step
from bot.agents.prompt_bound import prompt_bound
from bot.agents.run import run_brief
from bot.agents.transcript import Conversation, read_back, user
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import MicroUsd, Price, Rate, Usage, cost, usd, worst_case
from bot.core.roles.role import Role
from bot.core.runs.conversation import Message, Reply, Request, Speaker, StopReason, TextBlock, ToolResultBlock, ToolUseBlock
from bot.core.runs.run import Ending, Grant
from bot.ports import Outcome
from tests.agents.harness import Harness

NOTHING_LEFT = step("nothing_left", reason="all is well")
LOOK = step("bash", command="true")


def said_to(request: Request) -> str:
    """The newest thing that the model was told."""
    return "\n".join(
        block.content if isinstance(block, ToolResultBlock) else block.text
        for block in request.messages[-1].blocks
        if isinstance(block, ToolResultBlock | TextBlock)
    )


def expecting(words: str, then: Step) -> Callable[[Request], Step]:
    def line(request: Request) -> Step:
        assert words in said_to(request)
        return then

    return line


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (step("bash", comand="ls"), "command: Field required"),
        (step("bash", command="ls", timeout="soon"), "timeout"),
        (step("bash", unparsed='{"command": "l'), "not valid JSON"),
        (step("bash", command="true\0"), "command: String should match pattern"),
        (step("fly"), "There is no tool 'fly'. There are: bash, propose, nothing_left."),
        (step("propose", title="Too short of everything"), "description: Field required"),
        (Step(say="I think about it."), "Go on with a tool call"),
        (Step(calls=(("bash", {"command": "echo hal"}),), stop=StopReason.MAX_TOKENS), "cut off at its length limit"),
    ],
)
def test_misuse_of_a_tool_is_answered_and_the_work_goes_on(harness: Harness, wrong: Step, told: str) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION), wrong, expecting(told, NOTHING_LEFT))

    assert bundle.ending is Ending.FINISHED


def test_a_model_that_only_talks_is_given_up(harness: Harness) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION), *[Step(say="Well…")] * 3)

    assert bundle.ending is Ending.FAILED
    assert "3 times without calling a tool" in bundle.note


def test_the_model_is_warned_once_before_its_steps_end(harness: Harness) -> None:
    grant = Grant(money=usd(5), steps=4, time=timedelta(minutes=30))
    warned: list[bool] = []

    def note(request: Request) -> Step:
        warned.append("Only a little is left: 2 steps" in said_to(request))
        return LOOK

    bundle = harness.run(harness.brief(Role.IDEATION, grant=grant), *[note] * 4)

    assert warned == [False, False, True, False]
    assert bundle.ending is Ending.UNFINISHED


def test_time_is_part_of_the_grant(harness: Harness) -> None:
    def slow(_: Request) -> Step:
        harness.clock.at += timedelta(minutes=20)
        return LOOK

    bundle = harness.run(harness.brief(Role.IDEATION), slow, slow)

    assert (bundle.ending, bundle.note) == (Ending.UNFINISHED, "The time of the grant is used up.")


def test_nothing_is_sent_whose_worst_case_does_not_fit(harness: Harness) -> None:
    grant = Grant(money=usd(0.001), steps=5, time=timedelta(minutes=30))

    bundle = harness.run(harness.brief(Role.IDEATION, grant=grant), LOOK, leftover=True)

    assert bundle.ending is Ending.UNFINISHED
    assert bundle.spend.requests == 0


class Greedy:
    """Bills the most that each request allows: every byte a token, freshly cached, and the answer at full length."""

    scripted = False

    def __init__(self) -> None:
        self.sent = 0

    def price(self, model: str) -> Price:
        return Price(
            model=model, rate=Rate(input=2_000_000, output=10_000_000, cache_read=200_000, cache_write=2_500_000), context=1_000_000
        )

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        self.sent += 1
        prompt = len(request.system.encode()) + len(json.dumps([dict(tool.schema) for tool in request.tools]))
        for message in request.messages:
            for block in message.blocks:
                prompt += len(
                    block.text
                    if isinstance(block, TextBlock)
                    else block.content
                    if isinstance(block, ToolResultBlock)
                    else repr(block.input)
                    if isinstance(block, ToolUseBlock)
                    else ""
                )
        use = ToolUseBlock(id=f"t{self.sent}", name="bash", input={"command": "seq 900"})
        return Reply(
            message=Message(speaker=Speaker.ASSISTANT, blocks=(use,)),
            stop=StopReason.TOOL_USE,
            usage=Usage(cache_write=prompt, output=request.max_tokens),
            model=request.model,
        )


@pytest.mark.parametrize("money", [0.02, 0.2, 0.5, 1.0])
def test_a_model_that_bills_the_worst_case_never_gets_past_the_grant(harness: Harness, money: float) -> None:
    grant = Grant(money=usd(money), steps=50, time=timedelta(minutes=30))

    bundle = run_brief(harness.brief(Role.IDEATION, grant=grant), harness.ports(Greedy()))

    assert bundle.ending is Ending.UNFINISHED
    assert bundle.spend.money <= grant.money


@given(
    texts=st.lists(st.text(max_size=200), min_size=1, max_size=6),
    reported=st.none() | st.builds(Usage, input=st.integers(0, 999), output=st.integers(0, 999)),
)
@settings(max_examples=50)
def test_the_bound_is_never_below_one_token_a_byte_of_what_is_new(texts: list[str], reported: Usage | None) -> None:
    conversation = Conversation()
    conversation.add(user("before"))
    if reported is not None:
        conversation.answered(reported, None)
    for text in texts:
        conversation.add(user(text))

    bound = prompt_bound(conversation, system="s", tools=())

    assert bound >= sum(len(text.encode()) for text in texts) + (reported.prompt + reported.output if reported else 0)


@pytest.mark.parametrize("kind", [ModelErrorKind.RATE_LIMITED, ModelErrorKind.OVERLOADED, ModelErrorKind.UNREACHABLE])
def test_trouble_that_passes_is_waited_for(harness: Harness, kind: ModelErrorKind) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION), Step(error=kind), Step(error=kind), NOTHING_LEFT)

    assert bundle.ending is Ending.FINISHED
    assert sum(harness.clock.waited) >= 4


def test_a_stated_time_is_waited_for_when_the_grant_has_it_and_handed_on_when_not(harness: Harness) -> None:
    soon = harness.clock.at + timedelta(minutes=3)
    late = harness.clock.at + timedelta(hours=3)

    bundle = harness.run(
        harness.brief(Role.IDEATION),
        Step(error=ModelErrorKind.RATE_LIMITED, resume_at=soon),
        Step(error=ModelErrorKind.RATE_LIMITED, resume_at=late),
        NOTHING_LEFT,
        leftover=True,
    )

    assert harness.clock.now() >= soon
    assert (bundle.ending, bundle.resume_at) == (Ending.LIMITED, late)


def test_a_stop_ends_the_wait_for_the_vendor(harness: Harness) -> None:
    harness.cancelled = lambda: bool(harness.clock.waited)
    error = Step(error=ModelErrorKind.RATE_LIMITED, resume_at=harness.clock.at + timedelta(minutes=20))

    bundle = harness.run(harness.brief(Role.IDEATION), error, leftover=True)

    assert bundle.ending is Ending.STOPPED
    assert sum(harness.clock.waited) <= 4


@pytest.mark.parametrize(
    ("kind", "ending", "remedy"),
    [
        (ModelErrorKind.SPEND_LIMITED, Ending.LIMITED, "spend limit"),
        (ModelErrorKind.USAGE_LIMITED, Ending.LIMITED, "usage limit"),
        (ModelErrorKind.UNAUTHORIZED, Ending.FAILED, "Set a valid key"),
        (ModelErrorKind.UNPRICED, Ending.FAILED, "add its price"),
        (ModelErrorKind.REFUSED, Ending.FAILED, "Check the model's name"),
        (ModelErrorKind.CONTEXT_FULL, Ending.FAILED, "larger"),
        (ModelErrorKind.CANCELLED, Ending.STOPPED, "work kept"),
    ],
)
def test_trouble_that_stays_ends_the_run_and_says_what_to_do(harness: Harness, kind: ModelErrorKind, ending: Ending, remedy: str) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION), Step(error=kind), leftover=True)

    assert bundle.ending is ending
    assert remedy in bundle.note


class Breaking(ScriptedModel):
    """Its stream breaks twice, after the prompt had been billed."""

    times = 2

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        if self.times:
            self.times -= 1
            raise ModelError(ModelErrorKind.UNREACHABLE, "cut", spent=MicroUsd(700) if self.times else Usage(input=10, output=20))
        return super().reply(request, cancelled=cancelled)


def test_requests_that_were_billed_and_brought_nothing_are_counted(harness: Harness) -> None:
    model = Breaking([Scene(role=Role.IDEATION, steps=(NOTHING_LEFT,))])

    bundle = run_brief(harness.brief(Role.IDEATION), harness.ports(model))

    answered = MicroUsd(bundle.spend.money - 700 - cost(Usage(input=10, output=20), model.price("")))
    assert bundle.spend.requests == 3
    assert 0 < answered < worst_case(prompt_tokens=10_000, max_tokens=100, price=model.price(""))


def test_a_model_that_declines_is_a_failure_with_a_fresh_start(harness: Harness) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION), Step(say="No.", stop=StopReason.REFUSAL))

    assert (bundle.ending, bundle.transcript) == (Ending.FAILED, None)


class NoSandbox:
    isolating = True

    def run(self, *_: object, **__: object) -> Outcome:
        raise UserError("bwrap is not installed.")


def test_a_sandbox_that_is_not_there_fails_the_run_with_what_it_spent(harness: Harness) -> None:
    model = ScriptedModel([Scene(role=Role.IDEATION, steps=(LOOK,))])

    bundle = run_brief(harness.brief(Role.IDEATION), replace(harness.ports(model), sandbox=NoSandbox()))

    assert (bundle.ending, bundle.note, bundle.spend.requests) == (Ending.FAILED, "bwrap is not installed.", 1)


def test_an_interrupted_tool_is_answered_when_the_conversation_goes_on() -> None:
    conversation = Conversation()
    conversation.add(user("begin"))
    use = ToolUseBlock(id="t1", name="bash", input={"command": "ls"})
    conversation.answered(Usage(input=5, output=7), Message(speaker=Speaker.ASSISTANT, blocks=(use,)))

    again = read_back(conversation.text())

    assert again is not None
    assert again.reported == Usage(input=5, output=7)
    last = again.messages[-1].blocks[0]
    assert isinstance(last, ToolResultBlock)
    assert (last.id, last.is_error) == ("t1", True)


def test_a_torn_transcript_is_gone_on_with_up_to_the_tear() -> None:
    conversation = Conversation()
    conversation.add(user("begin"))
    conversation.add(user("more"))

    again = read_back(conversation.text()[:-9])

    assert again is not None
    assert again.messages == [user("begin")]
    assert read_back("nonsense") is None
    assert read_back(None) is None
