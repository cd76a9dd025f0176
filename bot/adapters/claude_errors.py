"""The SDK's errors as our kinds of error, told apart by type, status and the body's own fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import MicroUsd, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anthropic import APIStatusError

_SPEND_CODES = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached", "linked_organization_spend_limit_reached"})
_RESETS = ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-input-tokens-reset")
_USAGE_LIMIT = re.compile(r"^You have reached your specified (?:workspace )?API usage limits\b")
"""The one limit for which the SDK has neither a type nor a code; matched at the start of the vendor's own sentence only."""
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?: at (\d{2}):(\d{2}))?")


def error_of(error: Exception, *, now: datetime, spent: Usage | MicroUsd) -> ModelError:
    """`spent` is what the request can have cost at most; it is left out where the request was refused unbilled."""
    from anthropic import APIConnectionError, APIStatusError

    if isinstance(error, APIStatusError):
        # An error inside the stream comes with status 200, after the vendor had begun to answer.
        billed = spent if error.status_code < 400 else None
        kind = _kind(error, billed is not None)
        words = error.api_message or str(error)
        return ModelError(kind, _sentence(words), resume_at=_resume_at(error, kind, now), spent=billed)
    if isinstance(error, APIConnectionError) and _never_sent(error):
        return ModelError(ModelErrorKind.UNREACHABLE, _sentence(str(error.__cause__ or error)))
    return ModelError(ModelErrorKind.UNREACHABLE, _sentence(str(error) or type(error).__name__), spent=spent)


def _never_sent(error: Exception) -> bool:
    import httpx2

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _kind(error: APIStatusError, in_stream: bool) -> ModelErrorKind:
    status = error.status_code
    if error.error_code in _SPEND_CODES or error.type == "billing_error" or status == 402:
        return ModelErrorKind.SPEND_LIMITED
    if status == 429 or error.type == "rate_limit_error":
        # A limit a minute says when to come again; a spend limit never clears by waiting a little, and says nothing.
        says_when = in_stream or "retry-after" in error.response.headers or any(name in error.response.headers for name in _RESETS)
        return ModelErrorKind.RATE_LIMITED if says_when else ModelErrorKind.SPEND_LIMITED
    if status in {401, 403} or error.type in {"authentication_error", "permission_error"}:
        return ModelErrorKind.UNAUTHORIZED
    if status == 413:
        return ModelErrorKind.CONTEXT_FULL
    if status >= 500 or status == 408 or error.type in {"overloaded_error", "api_error", "timeout_error"}:
        return ModelErrorKind.OVERLOADED
    if status == 400 and error.error_code is None and _USAGE_LIMIT.match(error.api_message or ""):
        return ModelErrorKind.USAGE_LIMITED
    return ModelErrorKind.REFUSED


def _resume_at(error: APIStatusError, kind: ModelErrorKind, now: datetime) -> datetime | None:
    if kind is ModelErrorKind.USAGE_LIMITED:
        return _stated(error.api_message or "")
    if error.status_code < 400:
        return None
    return _after(error.response.headers, now)


def _after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    given = headers.get("retry-after", "")
    try:
        return now + timedelta(seconds=max(float(given), 0))
    except (ValueError, OverflowError):
        pass
    try:
        return parsedate_to_datetime(given).astimezone(UTC)
    except (ValueError, TypeError):
        pass
    resets = [when for name in _RESETS if (when := _instant(headers.get(name, ""))) is not None]
    return max(resets, default=None)


def _instant(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo is not None else None


def _stated(sentence: str) -> datetime | None:
    date = _DATE.search(sentence)
    if date is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in date.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _sentence(words: str) -> str:
    flat = " ".join(words.split())[:500]
    return flat if flat.endswith((".", "!", "?")) else f"{flat}."
