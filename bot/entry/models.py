"""Which model a process works with; refuses what has no price."""

from __future__ import annotations

import os
from pathlib import Path

from bot.core.errors.user_errors import UserError
from bot.core.facts.policy import Policy
from bot.ports import Clock, Model


def has_key() -> bool:
    return bool(os.environ.get("ANTHROPIC_API_KEY"))


def real_model(clock: Clock) -> Model:
    """Raises `UserError` without a key."""
    key = os.environ.get("ANTHROPIC_API_KEY")
    if not key:
        raise UserError("ANTHROPIC_API_KEY is not set: the model cannot be asked. Set it, or try `groundskeeper demo`, which needs none.")
    from bot.adapters.claude import Claude
    from bot.adapters.prices import read_prices

    return Claude(api_key=key, prices=read_prices(), clock=clock, base_url=os.environ.get("ANTHROPIC_BASE_URL"))


def chosen_model(clock: Clock) -> Model:
    """The scenario of GROUNDSKEEPER_SCENARIO where one is named: a rehearsal, said wherever its work is shown. Else the real model."""
    scenario = os.environ.get("GROUNDSKEEPER_SCENARIO")
    if not scenario:
        return real_model(clock)
    from bot.adapters.scenario_files import read_scenario
    from bot.adapters.scripted import ScriptedModel

    return ScriptedModel(read_scenario(Path(scenario)))


def refuse_unpriced(policy: Policy) -> None:
    """Raises `UserError` where a run could only fail: nothing is spent at a price that nobody knows."""
    from bot.adapters.prices import read_prices

    prices = read_prices()
    unknown = sorted(set(policy.models.values()) - prices.keys())
    if unknown:
        known = ", ".join(sorted(prices))
        raise UserError(
            f"No price is known for {', '.join(unknown)}, so it is not used. Write one of these below `models:` (or as MODEL): {known}."
        )
