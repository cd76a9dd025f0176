"""An improvement category, and which one is due next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Category:
    """One of the kinds of improvement that the bot may propose; read from `categories/NN-name.md`."""

    name: str
    title: str
    summary: str
    persona: str
    signals: tuple[str, ...]
    evidence: tuple[str, ...]
    excludes: tuple[str, ...]
    applies_when: tuple[str, ...]
    prompt: str


def least_recently_used(enabled: Iterable[Category], used_at: Mapping[str, datetime]) -> Category | None:
    """The enabled category that was tried longest ago, in the given order among those never tried."""
    return min(enabled, key=lambda category: used_at.get(category.name, _NEVER), default=None)
