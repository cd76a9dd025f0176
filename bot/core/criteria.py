"""Acceptance criteria: read from an issue's checklist, or derived where there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]+(?P<text>\S.*)$")
_FENCE = re.compile(r"^[ \t]*(```|~~~)")
_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Criterion:
    text: str
    derived: bool = False


def criteria_of(title: str, body: str) -> tuple[Criterion, ...]:
    """The checklist items of the body outside code fences; without any, criteria derived from the title.

    Derived ones say so, since they are shown to people, who may write better ones.
    """
    found: list[str] = []
    fenced = False
    for line in body.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (item := _ITEM.match(line)):
            found.append(item["text"].strip())
    if found:
        return tuple(Criterion(text=text) for text in dict.fromkeys(found[:_MOST]))
    wish = " ".join(title.split()).rstrip(".") or "what the issue asks"
    return (
        Criterion(text=f"The issue is resolved: {wish}", derived=True),
        Criterion(text="A test shows it, and fails without the change", derived=True),
        Criterion(text="All checks that passed before still pass", derived=True),
    )
