"""The real SDK against a local Messages API: what is sent, what is read, and each kind of trouble by its type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.claude import Claude
from bot.adapters.prices import read_prices
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import Usage, worst_case
from bot.core.roles.role import Role
from bot.core.runs.conversation import (
    Message,
    OpaqueBlock,
    Purpose,
    Reply,
    Request,
    Speaker,
    StopReason,
    TextBlock,
    Tool,
    ToolResultBlock,
    ToolUseBlock,
)
from tests.agents.harness import Clock
from tests.messages_api import Answer, Fault, MessagesApi, tool_use
from tests.patience import PATIENCE

MODEL = "claude-sonnet-5-5"
BASH = Tool(name="bash", description="Run.", schema={"type": "object", "properties": {"command": {"type": "string"}}})
NOW = Clock().at


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi().served() as api:
        yield api


def user(*blocks: TextBlock | ToolResultBlock) -> Message:
    return Message(speaker=Speaker.USER, blocks=blocks)


def asked(*messages: Message, model: str = MODEL) -> Request:
    return Request(
        model=model,
        system="Be brief.",
        messages=messages or (user(TextBlock(text="Begin.")),),
        tools=(BASH,),
        max_tokens=512,
        purpose=Purpose(role=Role.EXECUTION, project=1, cycle=1, run="r"),
    )


def claude(url: str) -> closing[Claude]:
    return closing(Claude(api_key="sk-test", prices=read_prices(), clock=Clock(), base_url=url))


def reply(api: MessagesApi, request: Request | None = None) -> Reply:
    with claude(api.url) as model:
        return model.reply(request or asked(), cancelled=lambda: False)


def error(api: MessagesApi, *answers: Answer | Fault) -> ModelError:
    api.answers = list(answers)
    with pytest.raises(ModelError) as caught:
        reply(api)
    return caught.value


def test_text_tool_calls_and_usage_are_read_from_the_stream(api: MessagesApi) -> None:
    api.answers = [
        Answer(
            blocks=[{"type": "text", "text": "I look."}, tool_use("bash", command="ls -la")],
            input=7,
            output=33,
            cache_read=900,
            cache_write=50,
        )
    ]

    answer = reply(api)

    assert answer.message.blocks == (TextBlock(text="I look."), ToolUseBlock(id="toolu_1", name="bash", input={"command": "ls -la"}))
    assert answer.stop is StopReason.TOOL_USE
    assert answer.usage == Usage(input=7, output=33, cache_read=900, cache_write=50)


def test_thinking_goes_back_unchanged(api: MessagesApi) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s1gn"}
    api.answers = [
        Answer(blocks=[thought, tool_use("bash", command="ls")]),
        Answer(blocks=[{"type": "text", "text": "Done."}], stop="end_turn"),
    ]

    first = reply(api)
    result = user(ToolResultBlock(id="toolu_1", content="file", is_error=True))
    reply(api, asked(user(TextBlock(text="Begin.")), first.message, result))

    assert first.message.blocks[0] == OpaqueBlock(data=thought)
    assert api.requests[1]["messages"][1]["content"][0] == thought


def test_the_cache_is_marked_on_system_and_on_the_moving_tail(api: MessagesApi) -> None:
    api.answers = [Answer(blocks=[tool_use("bash", command="ls")])]
    said = Message(speaker=Speaker.ASSISTANT, blocks=(ToolUseBlock(id="t", name="bash", input={}),))

    reply(api, asked(user(TextBlock(text="one")), said, user(ToolResultBlock(id="t", content="two"), TextBlock(text="three"))))

    sent = api.requests[0]
    assert "cache_control" in sent["system"][-1]
    assert "cache_control" in sent["messages"][0]["content"][-1]
    assert ["cache_control" in block for block in sent["messages"][2]["content"]] == [False, True]
    assert sent["stream"] is True
    assert any("sk-test" in value for value in api.headers[0].values())


def test_tool_input_that_is_no_json_is_handed_on_as_such(api: MessagesApi) -> None:
    api.answers = [Answer(blocks=[{**tool_use("bash"), "raw": '{"command": "l'}], stop="max_tokens")]

    answer = reply(api)

    assert answer.message.blocks == (ToolUseBlock(id="toolu_1", name="bash", input={"unparsed": '{"command": "l'}),)
    assert answer.stop is StopReason.MAX_TOKENS


def test_text_that_no_encoding_can_hold_is_mended_at_the_edge(api: MessagesApi) -> None:
    api.answers = [Answer(blocks=[{**tool_use("bash"), "raw": '{"command": "a\\ud800b"}'}])]

    use = reply(api).message.blocks[0]

    assert isinstance(use, ToolUseBlock)
    assert use.input == {"command": "a?b"}


def test_an_answer_without_content_is_an_empty_message(api: MessagesApi) -> None:
    api.answers = [Answer(blocks=[], stop="refusal")]

    assert (reply(api).message.blocks, StopReason.REFUSAL) == ((), StopReason.REFUSAL)


SPEND = {"error_code": "contract_spend_limit_reached"}


@pytest.mark.parametrize(
    ("fault", "kind", "resume_at"),
    [
        (
            Fault(status=429, type="rate_limit_error", headers={"retry-after": "30"}),
            ModelErrorKind.RATE_LIMITED,
            NOW + timedelta(seconds=30),
        ),
        (
            Fault(status=429, type="rate_limit_error", headers={"anthropic-ratelimit-tokens-reset": "2026-11-20T12:05:00Z"}),
            ModelErrorKind.RATE_LIMITED,
            NOW + timedelta(minutes=5),
        ),
        (Fault(status=429, type="rate_limit_error"), ModelErrorKind.SPEND_LIMITED, None),
        (
            Fault(status=429, type="rate_limit_error", details=SPEND, headers={"retry-after": "Tue, 01 Dec 2026 00:00:00 GMT"}),
            ModelErrorKind.SPEND_LIMITED,
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
        (Fault(status=402, type="billing_error"), ModelErrorKind.SPEND_LIMITED, None),
        (
            Fault(
                status=400,
                type="invalid_request_error",
                message="You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
            ),
            ModelErrorKind.USAGE_LIMITED,
            datetime(2026, 12, 1, tzinfo=UTC),
        ),
        (
            Fault(status=400, type="invalid_request_error", message="messages: 'usage limits' is no role"),
            ModelErrorKind.REFUSED,
            None,
        ),
        (Fault(status=401, type="authentication_error"), ModelErrorKind.UNAUTHORIZED, None),
        (Fault(status=403, type="permission_error"), ModelErrorKind.UNAUTHORIZED, None),
        (Fault(status=404, type="not_found_error", message="model: x"), ModelErrorKind.REFUSED, None),
        (Fault(status=413, type="invalid_request_error"), ModelErrorKind.CONTEXT_FULL, None),
        (Fault(status=500, type="api_error"), ModelErrorKind.OVERLOADED, None),
        (Fault(status=503, type="api_error"), ModelErrorKind.OVERLOADED, None),
        (Fault(status=529, type="overloaded_error"), ModelErrorKind.OVERLOADED, None),
    ],
)
def test_each_error_answer_has_its_kind_and_nothing_was_billed(
    api: MessagesApi, fault: Fault, kind: ModelErrorKind, resume_at: datetime | None
) -> None:
    caught = error(api, fault)

    assert (caught.kind, caught.resume_at, caught.spent) == (kind, resume_at, None)
    assert len(api.requests) == 1, "the SDK must not try again by itself"


def test_a_stream_that_breaks_counts_what_it_may_have_cost(api: MessagesApi) -> None:
    caught = error(api, Answer(blocks=[{"type": "text", "text": "half"}], input=70, cache_read=5, cut_after=3))

    assert caught.kind is ModelErrorKind.UNREACHABLE
    assert caught.spent == Usage(input=70, output=512, cache_read=5)


def test_a_connection_that_breaks_before_any_event_counts_as_the_worst_case(api: MessagesApi) -> None:
    caught = error(api, Answer(blocks=[], cut_after=0))

    assert caught.kind is ModelErrorKind.UNREACHABLE
    assert isinstance(caught.spent, int)
    assert caught.spent >= worst_case(prompt_tokens=20, max_tokens=512, price=read_prices()[MODEL])


def test_an_error_inside_the_stream_has_its_kind_and_its_cost(api: MessagesApi) -> None:
    caught = error(api, Answer(blocks=[{"type": "text", "text": "half"}], error_after=(2, "overloaded_error")))

    assert caught.kind is ModelErrorKind.OVERLOADED
    assert isinstance(caught.spent, Usage)
    assert caught.spent.output == 512


def test_a_server_that_is_not_there_costs_nothing() -> None:
    with claude("http://127.0.0.1:9") as model, pytest.raises(ModelError) as caught:
        model.reply(asked(), cancelled=lambda: False)

    assert (caught.value.kind, caught.value.spent) == (ModelErrorKind.UNREACHABLE, None)


@pytest.mark.parametrize("after", [0, 3])
def test_a_stop_closes_the_stream_and_counts_its_worst_case(api: MessagesApi, after: int) -> None:
    api.answers = [Answer(blocks=[{"type": "text", "text": "long story"}], hold_after=after)]

    with claude(api.url) as model, pytest.raises(ModelError) as caught:
        model.reply(asked(), cancelled=api.held.is_set)

    assert caught.value.kind is ModelErrorKind.CANCELLED
    assert caught.value.spent
    assert api.gone.wait(PATIENCE), "the vendor goes on writing, and billing, until the connection is closed"


def test_a_model_without_a_price_is_refused_before_anything_is_sent(api: MessagesApi) -> None:
    with pytest.raises(ModelError) as caught:
        reply(api, asked(model="claude-unknown-9"))

    assert caught.value.kind is ModelErrorKind.UNPRICED
    assert api.requests == []


def test_the_key_is_in_no_words_of_trouble(api: MessagesApi) -> None:
    assert "sk-test" not in str(error(api, Fault(status=401, type="authentication_error", message="invalid x-api-key")))
