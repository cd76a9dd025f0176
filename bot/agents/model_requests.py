"""One answer from the model: sent only when its worst case fits the rest of the grant, tried again where an error passes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from bot.agents.prompt_bound import prompt_bound
from bot.agents.segment import GrantExhausted, Segment
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import MicroUsd, Usage, cost, dollars, worst_case
from bot.core.runs.conversation import Purpose, Reply, Request

LONGEST_ANSWER = 8_192
SHORTEST_ANSWER = 1_024
"""Below this an answer is likely to be cut off in the middle of a tool call, and its money lost."""
_ATTEMPTS = 8
_SLICE = timedelta(seconds=2)
_NEAR_THE_END = timedelta(minutes=2)
_PASSING = frozenset({ModelErrorKind.RATE_LIMITED, ModelErrorKind.OVERLOADED, ModelErrorKind.UNREACHABLE})


class BudgetCheck:
    """What the next request may cost, seen from the conversation as it stands."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def answer_tokens(self) -> int:
        """The longest answer that the rest of the money pays for in the worst case. Raises `GrantExhausted` below the shortest."""
        segment = self._segment
        if segment.time_left() <= timedelta(0):
            raise GrantExhausted("The time of the grant is used up.")
        prompt = self._prompt()
        if prompt + SHORTEST_ANSWER > segment.price.context:
            raise ModelError(ModelErrorKind.CONTEXT_FULL, "The conversation is as long as the model's context.")
        left = segment.brief.grant.money - segment.spend.money
        for tokens in (LONGEST_ANSWER, LONGEST_ANSWER // 2, LONGEST_ANSWER // 4, SHORTEST_ANSWER):
            fits = prompt + tokens <= segment.price.context
            if fits and worst_case(prompt_tokens=prompt, max_tokens=tokens, price=segment.price) <= left:
                return tokens
        raise GrantExhausted(f"What is left of the grant, {dollars(MicroUsd(max(left, 0)))}, may not pay for another request.")

    def worst(self, max_tokens: int) -> MicroUsd:
        return worst_case(prompt_tokens=self._prompt(), max_tokens=max_tokens, price=self._segment.price)

    def is_nearly_the_last(self) -> bool:
        """Whether, after the worst of the next request, no further one would be sure to fit."""
        segment = self._segment
        if segment.time_left() < min(_NEAR_THE_END, segment.brief.grant.time / 10):
            return True
        after = segment.brief.grant.money - segment.spend.money - self.worst(LONGEST_ANSWER)
        grown = self._prompt() + LONGEST_ANSWER
        return worst_case(prompt_tokens=grown, max_tokens=LONGEST_ANSWER, price=segment.price) > after

    def _prompt(self) -> int:
        segment = self._segment
        tools = [spec.tool() for spec in segment.tools]
        return prompt_bound(segment.conversation, system=segment.system, tools=tools)


def ask(segment: Segment, budget: BudgetCheck) -> Reply:
    """Raises `GrantExhausted`, or the `ModelError` that did not pass while the grant's time could wait for it."""
    clock = segment.ports.clock
    backoff = wait_exponential(multiplier=2, min=2, max=60)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = error.resume_at if isinstance(error, ModelError) else None
        stated = (named - clock.now()).total_seconds() if named else 0.0
        return max(stated, backoff(state))

    def would_outlast(state: RetryCallState) -> bool:
        return timedelta(seconds=state.upcoming_sleep) >= segment.time_left()

    def sleep(seconds: float) -> None:
        segment.say(f"waits {round(seconds)} s for the model's vendor")
        until = clock.now() + timedelta(seconds=seconds)
        while (left := until - clock.now()) > timedelta(0):
            if segment.ports.cancelled():
                raise ModelError(ModelErrorKind.CANCELLED, "Stopped while waiting for the model's vendor.")
            clock.wait(min(left, _SLICE))

    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, ModelError) and error.kind in _PASSING),
        wait=pause,
        stop=lambda state: stop_after_attempt(_ATTEMPTS)(state) or would_outlast(state),
        sleep=sleep,
        reraise=True,
    )
    return retrying(_once, segment, budget)


def _once(segment: Segment, budget: BudgetCheck) -> Reply:
    brief = segment.brief
    max_tokens = budget.answer_tokens()
    worst = budget.worst(max_tokens)
    request = Request(
        model=brief.model,
        system=segment.system,
        messages=tuple(segment.conversation.messages),
        tools=tuple(spec.tool() for spec in segment.tools),
        max_tokens=max_tokens,
        purpose=Purpose(role=brief.role, project=brief.number, cycle=brief.cycle, run=brief.run),
    )
    try:
        reply = segment.ports.model.reply(request, cancelled=segment.ports.cancelled)
    except ModelError as error:
        _count_failed(segment, error.spent, worst)
        raise
    _count(segment, cost(reply.usage, segment.price), reply.usage)
    return reply


def _count_failed(segment: Segment, spent: MicroUsd | Usage | None, worst: MicroUsd) -> None:
    """An answer that never came whole was billed all the same; never for more than the worst case that was reckoned with."""
    if isinstance(spent, Usage):
        _count(segment, MicroUsd(min(cost(spent, segment.price), worst)), spent)
    elif spent is not None:
        _count(segment, MicroUsd(min(spent, worst)), Usage())


def _count(segment: Segment, money: MicroUsd, usage: Usage) -> None:
    spend = segment.spend
    segment.spend = replace(spend, money=MicroUsd(spend.money + money), requests=spend.requests + 1, usage=spend.usage + usage)
