"""Prices are data; a model that has none is refused, and a file that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.prices import price_of, read_prices
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Usage, cost, usd


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("claude-sonnet-5-5", Usage(input=1_000_000), 2.00),
        ("claude-sonnet-5-5", Usage(output=1_000_000), 10.00),
        ("claude-sonnet-5-5", Usage(cache_read=1_000_000), 0.20),
        ("claude-sonnet-5-5", Usage(cache_write=1_000_000), 2.50),
        ("claude-haiku-5-5", Usage(input=100_000, output=100_000), 0.06),
        ("claude-haiku-5-5", Usage(input=100_001, output=100_000), 0.3000005),
        ("claude-opus-5-5", Usage(input=1_000_000, output=1_000_000), 24.00),
        ("claude-fable-5-1", Usage(cache_read=1_000_000), 0.25),
    ],
)
def test_a_request_costs_what_its_vendor_says(model: str, usage: Usage, dollars: float) -> None:
    assert cost(usage, read_prices()[model]) == pytest.approx(usd(dollars), abs=1)


def test_a_model_without_a_price_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ModelError, match="'gpt-x'; there are prices for claude-fable-5-1, claude-haiku-5-5") as caught:
        price_of("gpt-x", read_prices())

    assert caught.value.kind is ModelErrorKind.UNPRICED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("m: {context: 1000, rate: {input: 1, output: 1, cache_read: 1}}", "mine.yml, m.rate.cache_write"),
        ("m: {context: 1000, rate: {input: -1, output: 1, cache_read: 1, cache_write: 1}}", "m.rate.input"),
        ("m: {contxt: 1000}", "mine.yml, m."),
        ("m: [", "cannot be read"),
    ],
)
def test_a_wrong_price_file_is_named_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(text)

    with pytest.raises(UserError) as caught:
        read_prices(path)

    assert words in str(caught.value)
