"""Money in integer micro-dollars: what a token costs, what a request cost, and the most that a request can cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

MicroUsd = NewType("MicroUsd", int)

ZERO = MicroUsd(0)


def usd(dollars: float) -> MicroUsd:
    """Whole micro-dollars from a figure that a person wrote in dollars."""
    return MicroUsd(round(dollars * 1_000_000))


def dollars(amount: MicroUsd) -> str:
    """For people: two decimals, or four where two would show nothing."""
    value = amount / 1_000_000
    return f"${value:.2f}" if amount == 0 or value >= 0.01 else f"${value:.4f}"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens as the Messages API reports them; `input` excludes both cache figures."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def prompt(self) -> int:
        """The tokens of the whole prompt, however each was billed."""
        return self.input + self.cache_read + self.cache_write

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Micro-dollars per million tokens."""

    input: int
    output: int
    cache_read: int
    cache_write: int


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one model costs; a prompt above `long_prompt` tokens is billed whole at the `long` rate."""

    model: str
    rate: Rate
    context: int
    long_prompt: int | None = None
    long: Rate | None = None

    def rate_for(self, prompt_tokens: int) -> Rate:
        if self.long is not None and self.long_prompt is not None and prompt_tokens > self.long_prompt:
            return self.long
        return self.rate


def cost(usage: Usage, price: Price) -> MicroUsd:
    """What the request cost, rounded up to a whole micro-dollar so that sums never fall below the bill."""
    rate = price.rate_for(usage.prompt)
    total = (
        usage.input * rate.input + usage.output * rate.output + usage.cache_read * rate.cache_read + usage.cache_write * rate.cache_write
    )
    return MicroUsd(-(-total // 1_000_000))


def worst_case(*, prompt_tokens: int, max_tokens: int, price: Price) -> MicroUsd:
    """The most a request can cost when its prompt has at most `prompt_tokens` and its answer at most `max_tokens`.

    Each prompt token is taken at the dearest way it may be billed (fresh, written to the cache), at the dearer of
    the rates below the bound, since a long rate may be the lower one on paper only.
    """
    rates = [price.rate] + ([price.long] if price.long is not None and price.rate_for(prompt_tokens) is price.long else [])
    return MicroUsd(
        max(-(-(prompt_tokens * max(r.input, r.cache_write, r.cache_read) + max_tokens * r.output) // 1_000_000) for r in rates)
    )
