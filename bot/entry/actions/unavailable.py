"""A stand-in for what the deciding and publishing jobs must not have: a model. It refuses everything."""
# ruff: noqa: ARG002  (the port says which arguments there are; refusing needs none of them)

from __future__ import annotations

from collections.abc import Callable

from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import Price
from bot.core.runs.conversation import Reply, Request


class NoModel:
    """For who only decides and publishes: there the key of the model is not even known."""

    def __init__(self, *, scripted: bool = False) -> None:
        self.scripted = scripted

    def price(self, model: str) -> Price:
        raise ModelError(ModelErrorKind.REFUSED, f"This process carries out no runs, and has no key for {model}.")

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        raise ModelError(ModelErrorKind.REFUSED, "This process carries out no runs, and has no key for a model.")
