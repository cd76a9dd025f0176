"""Trouble by name: what the caller does next depends on its kind, never on words in a message."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from bot.core.money.pricing import MicroUsd, Usage


class ModelErrorKind(Enum):
    RATE_LIMITED = "rate limited"
    """Too many requests or tokens a minute; clears by itself soon."""
    SPEND_LIMITED = "spend limit reached"
    """The account's spend limit; clears at its stated date, or when a person raises it."""
    USAGE_LIMITED = "usage limit reached"
    """A plan's usage limit, with the time at which it resets where the vendor states one."""
    OVERLOADED = "overloaded"
    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "key refused"
    REFUSED = "request refused"
    CONTEXT_FULL = "context full"
    UNPRICED = "unpriced model"
    CANCELLED = "cancelled"


class ModelError(Exception):
    """A request that got no answer; `resume_at` is when another try makes sense, where that is known.

    `spent` is what it cost all the same: as reported, or the worst that it can have cost; None where nothing was billed.
    """

    def __init__(
        self, kind: ModelErrorKind, message: str, *, resume_at: datetime | None = None, spent: MicroUsd | Usage | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.resume_at = resume_at
        self.spent = spent
