"""What `doctor` sees beside GitHub: the model and its price, the clock, git, and the sandbox of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from bot.adapters.git.process import OLDEST, too_old
from bot.adapters.prices import read_prices
from bot.adapters.sandbox.machine import available
from bot.entry.checkout import git
from bot.entry.config import Config
from bot.entry.environments import UNPROTECTED
from bot.entry.setup import settings
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.entry.setup.target import Target

_DRIFT = timedelta(minutes=1)
"""GitHub takes an app's key only where the clocks agree to about a minute: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app"""


def examined(target: Target, config: Config, environment: Mapping[str, str], *, here: bool) -> Iterator[Finding]:
    models = tuple(sorted({config.models.execution, config.models.review, config.models.ideation}))
    yield from looked("prices", partial(_prices, models))
    yield from looked("model", partial(_model, target, models, environment))
    yield from looked("clock", partial(_clock, target))
    yield from looked("git", _git)
    if here:
        yield from looked("sandbox", partial(_sandbox, config))


def _prices(models: tuple[str, ...]) -> Iterator[Finding]:
    prices = read_prices()
    unknown = [model for model in models if model not in prices]
    if unknown:
        remedy = f"Write one of these below `models:`: {', '.join(sorted(prices))}."
        yield wrong("prices", f"no price is known for {', '.join(unknown)}, so it is not used", remedy)
    else:
        yield ok("prices", f"known for {', '.join(models)}")


def _model(target: Target, models: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Finding]:
    """By asking about the models, which costs nothing: https://docs.anthropic.com/en/api/models"""
    key = environment.get("ANTHROPIC_API_KEY")
    if not key:
        if "ANTHROPIC_API_KEY" not in settings.secret_names(target):
            yield wrong("model", "there is no ANTHROPIC_API_KEY, here or in the repository", "Give it to `groundskeeper init`.")
        else:
            why = "the secret ANTHROPIC_API_KEY is set, but secrets cannot be read back"
            yield not_seen("model", why, "Run this once with it in the environment, to have it tried.")
        return
    base = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    for model in models:
        try:
            answer = httpx.get(f"{base.rstrip('/')}/v1/models/{quote(model, safe='')}", headers=headers, timeout=15)
        except httpx.HTTPError as error:
            why = f"{base} cannot be reached ({type(error).__name__})"
            yield not_seen("model", why, "Look whether the network and ANTHROPIC_BASE_URL are right.")
            return
        match answer.status_code:
            case 200:
                yield ok("model", f"the key is taken, and {model} is there")
            case 401 | 403:
                yield wrong("model", f"the key is not taken ({answer.status_code})", "Make a new key and give it to `groundskeeper init`.")
                return
            case 404:
                yield wrong("model", f"{model} is not there for this key", "Write another model below `models:` in the configuration.")
            case other:
                yield not_seen("model", f"{base} answers {other}", "Try again later.")


def _clock(target: Target) -> Iterator[Finding]:
    headers = target.github.requester.requestJsonAndCheck("GET", "/rate_limit")[0]
    told = headers.get("date")
    if told is None:
        yield not_seen("clock", "GitHub's answer has no date", "Look whether this machine's clock is right.")
        return
    drift = abs(datetime.now(UTC) - parsedate_to_datetime(str(told)))
    if drift > _DRIFT:
        yield wrong("clock", f"this machine's is {int(drift.total_seconds())} s off GitHub's", "Set it by the network (NTP).")
    else:
        yield ok("clock", "agrees with GitHub's")


def _git() -> Iterator[Finding]:
    told = git(Path(), "--version").stdout
    if too_old(told):
        yield wrong("git", told.strip() or "it is not installed", f"Install git {OLDEST[0]}.{OLDEST[1]} or newer.")
    else:
        yield ok("git", told.strip().removeprefix("git version "))


def _sandbox(config: Config) -> Iterator[Finding]:
    if config.sandbox == "none":
        if os.environ.get(UNPROTECTED) == "1":
            yield ok("sandbox", "switched off in the configuration and on this machine: agents' commands run unprotected")
        else:
            remedy = f"Take `sandbox: none` out of the configuration; or, on a machine that is thrown away afterwards, set {UNPROTECTED}=1."
            yield wrong("sandbox", "switched off in the configuration, yet not allowed by this machine: no run can begin here", remedy)
        return
    why_not = available()
    if why_not is None:
        yield ok("sandbox", "bubblewrap isolates commands on this machine")
    else:
        remedy = "Install bubblewrap. If agents shall only run in Actions, whose runners install it by themselves, say --no-here."
        yield wrong("sandbox", why_not, remedy)
