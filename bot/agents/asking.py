"""One answer from the model: sent only when its worst case fits the rest of the grant, tried again where trouble passes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from bot.agents.bound import prompt_bound
from bot.core.conversation import Purpose, Reply, Request
from bot.core.money import MicroUsd, Usage, cost, dollars, worst_case
from bot.core.trouble import ModelTrouble, ModelTroubleKind

if TYPE_CHECKING:
    from bot.agents.loop import Stretch

LONGEST_ANSWER = 8_192
SHORTEST_ANSWER = 1_024
"""Below this an answer is likely to be cut off in the middle of a tool call, and its money lost."""
_ATTEMPTS = 8
_SLICE = timedelta(seconds=2)
_NEAR_THE_END = timedelta(minutes=2)
_PASSING = frozenset({ModelTroubleKind.RATE_LIMITED, ModelTroubleKind.OVERLOADED, ModelTroubleKind.UNREACHABLE})


class EndOfGrant(Exception):
    """What of the grant is used up, as a sentence."""


class Afford:
    """What the next request may cost, seen from the conversation as it stands."""

    def __init__(self, stretch: Stretch) -> None:
        self._stretch = stretch

    def answer_tokens(self) -> int:
        """The longest answer that the rest of the money pays for in the worst case. Raises `EndOfGrant` below the shortest."""
        stretch = self._stretch
        if stretch.time_left() <= timedelta(0):
            raise EndOfGrant("The time of the grant is used up.")
        prompt = self._prompt()
        if prompt + SHORTEST_ANSWER > stretch.price.context:
            raise ModelTrouble(ModelTroubleKind.CONTEXT_FULL, "The conversation is as long as the model's context.")
        left = stretch.brief.grant.money - stretch.spend.money
        for tokens in (LONGEST_ANSWER, LONGEST_ANSWER // 2, LONGEST_ANSWER // 4, SHORTEST_ANSWER):
            fits = prompt + tokens <= stretch.price.context
            if fits and worst_case(prompt_tokens=prompt, max_tokens=tokens, price=stretch.price) <= left:
                return tokens
        raise EndOfGrant(f"What is left of the grant, {dollars(MicroUsd(max(left, 0)))}, may not pay for another request.")

    def worst(self, max_tokens: int) -> MicroUsd:
        return worst_case(prompt_tokens=self._prompt(), max_tokens=max_tokens, price=self._stretch.price)

    def is_nearly_the_last(self) -> bool:
        """Whether, after the worst of the next request, no further one would be sure to fit."""
        stretch = self._stretch
        if stretch.time_left() < min(_NEAR_THE_END, stretch.brief.grant.time / 10):
            return True
        after = stretch.brief.grant.money - stretch.spend.money - self.worst(LONGEST_ANSWER)
        grown = self._prompt() + LONGEST_ANSWER
        return worst_case(prompt_tokens=grown, max_tokens=LONGEST_ANSWER, price=stretch.price) > after

    def _prompt(self) -> int:
        stretch = self._stretch
        tools = [offer.tool() for offer in stretch.offers]
        return prompt_bound(stretch.conversation, system=stretch.system, tools=tools)


def ask(stretch: Stretch, afford: Afford) -> Reply:
    """Raises `EndOfGrant`, or the `ModelTrouble` that did not pass while the grant's time could wait for it."""
    clock = stretch.outside.clock
    backoff = wait_exponential(multiplier=2, min=2, max=60)

    def pause(state: RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome else None
        named = trouble.resume_at if isinstance(trouble, ModelTrouble) else None
        stated = (named - clock.now()).total_seconds() if named else 0.0
        return max(stated, backoff(state))

    def would_outlast(state: RetryCallState) -> bool:
        return timedelta(seconds=state.upcoming_sleep) >= stretch.time_left()

    def sleep(seconds: float) -> None:
        stretch.say(f"waits {round(seconds)} s for the model's vendor")
        until = clock.now() + timedelta(seconds=seconds)
        while (left := until - clock.now()) > timedelta(0):
            if stretch.outside.cancelled():
                raise ModelTrouble(ModelTroubleKind.CANCELLED, "Stopped while waiting for the model's vendor.")
            clock.wait(min(left, _SLICE))

    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, ModelTrouble) and error.kind in _PASSING),
        wait=pause,
        stop=lambda state: stop_after_attempt(_ATTEMPTS)(state) or would_outlast(state),
        sleep=sleep,
        reraise=True,
    )
    return retrying(_once, stretch, afford)


def _once(stretch: Stretch, afford: Afford) -> Reply:
    brief = stretch.brief
    max_tokens = afford.answer_tokens()
    worst = afford.worst(max_tokens)
    request = Request(
        model=brief.model,
        system=stretch.system,
        messages=tuple(stretch.conversation.messages),
        tools=tuple(offer.tool() for offer in stretch.offers),
        max_tokens=max_tokens,
        purpose=Purpose(role=brief.role, project=brief.number, cycle=brief.cycle, run=brief.run),
    )
    try:
        reply = stretch.outside.model.reply(request, cancelled=stretch.outside.cancelled)
    except ModelTrouble as trouble:
        _count_trouble(stretch, trouble.spent, worst)
        raise
    _count(stretch, cost(reply.usage, stretch.price), reply.usage)
    return reply


def _count_trouble(stretch: Stretch, spent: MicroUsd | Usage | None, worst: MicroUsd) -> None:
    """An answer that never came whole was billed all the same; never for more than the worst case that was reckoned with."""
    if isinstance(spent, Usage):
        _count(stretch, MicroUsd(min(cost(spent, stretch.price), worst)), spent)
    elif spent is not None:
        _count(stretch, MicroUsd(min(spent, worst)), Usage())


def _count(stretch: Stretch, money: MicroUsd, usage: Usage) -> None:
    spend = stretch.spend
    stretch.spend = replace(spend, money=MicroUsd(spend.money + money), requests=spend.requests + 1, usage=spend.usage + usage)
