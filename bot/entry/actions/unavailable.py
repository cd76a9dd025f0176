"""Stand-ins for what the deciding and publishing jobs must not have: a model and a sandbox. Both refuse everything."""
# ruff: noqa: ARG002  (the ports say which arguments there are; refusing needs none of them)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Price
from bot.core.runs.conversation import Reply, Request
from bot.ports import Outcome


class NoModel:
    """For who only decides and publishes: there the key of the model is not even known."""

    scripted = False

    def price(self, model: str) -> Price:
        raise ModelError(ModelErrorKind.REFUSED, f"This process carries out no runs, and has no key for {model}.")

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        raise ModelError(ModelErrorKind.REFUSED, "This process carries out no runs, and has no key for a model.")


class NoSandbox:
    """The same for commands of agents."""

    isolating = True

    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        raise UserError("This process carries out no runs, and runs no commands of agents.")
