"""What models cost, read from a data file; a model without a price is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Price, Rate

SHIPPED = Path(__file__).with_name("prices.yml")


class _Rate(BaseModel):
    model_config = ConfigDict(extra="forbid")
    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    cache_read: Decimal = Field(ge=0)
    cache_write: Decimal = Field(ge=0)

    def rate(self) -> Rate:
        return Rate(
            input=_micro(self.input), output=_micro(self.output), cache_read=_micro(self.cache_read), cache_write=_micro(self.cache_write)
        )


class _LongRate(_Rate):
    above: int = Field(gt=0)


class _Price(BaseModel):
    model_config = ConfigDict(extra="forbid")
    context: int = Field(gt=0)
    rate: _Rate
    long: _LongRate | None = None


_FILE = TypeAdapter(dict[str, _Price])


def _micro(dollars: Decimal) -> int:
    """Micro-dollars per million tokens is dollars per million tokens, times a million."""
    return int(dollars * 1_000_000)


def read_prices(path: Path = SHIPPED) -> Mapping[str, Price]:
    """Raises `UserError` naming file and key."""
    try:
        listed = _FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, OSError) as error:
        raise UserError(f"{path.name} cannot be read: {error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise UserError(f"{path.name}, {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}") from error
    return {
        name: Price(
            model=name,
            rate=price.rate.rate(),
            context=price.context,
            long_prompt=price.long.above if price.long else None,
            long=price.long.rate() if price.long else None,
        )
        for name, price in listed.items()
    }


def price_of(model: str, prices: Mapping[str, Price]) -> Price:
    if model not in prices:
        known = ", ".join(sorted(prices))
        raise ModelError(ModelErrorKind.UNPRICED, f"There is no price for the model {model!r}; there are prices for {known}.")
    return prices[model]
