"""Acceptance criteria: read from an issue's checklist, or derived where there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.markdown.inline import read_back

_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]+(?P<text>\S.*)$")
_FENCE = re.compile(r"^[ \t]*(```|~~~)")
_MOST = 20


_TAGS = re.compile(r"[\U000e0000-\U000e007f]")


@dataclass(frozen=True, kw_only=True)
class Criterion:
    text: str
    derived: bool = False


def visible(text: str) -> str:
    """Markdown without what GitHub's pages do not show: whoever queued it has not read that. Code is shown as it is, and kept.

    https://spec.commonmark.org/0.31.2/#html-blocks: a comment that begins a line ends with the text at the latest.
    """
    kept: list[str] = []
    fenced, hidden, at = False, False, 0
    last_end = text.rfind("-->")
    for line in text.splitlines(keepends=True):
        if not hidden and _FENCE.match(line):
            fenced = not fenced
        place = 0
        while not fenced and place < len(line):
            if hidden:
                end = line.find("-->", place)
                place, hidden = (len(line), True) if end < 0 else (end + 3, False)
                continue
            start = line.find("<!--", place)
            if start < 0 or not (at + start < last_end or not line[:start].strip()):
                break
            kept.append(line[place:start])
            place, hidden = start + 2, True
        kept.append(line[place:])
        at += len(line)
    return _TAGS.sub("", "".join(kept))


def criteria_of(title: str, body: str) -> tuple[Criterion, ...]:
    """The checklist items of the body outside code fences; without any, criteria derived from the title.

    Derived ones say so, since they are shown to people, who may write better ones.
    """
    found: list[str] = []
    fenced = False
    for line in visible(body).splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (item := _ITEM.match(line)):
            found.append(read_back(item["text"].strip()))
    if found:
        return tuple(Criterion(text=text) for text in dict.fromkeys(found[:_MOST]))
    wish = " ".join(title.split()).rstrip(".") or "what the issue asks"
    return (
        Criterion(text=f"The issue is resolved: {wish}", derived=True),
        Criterion(text="A test shows it, and fails without the change", derived=True),
        Criterion(text="All checks that passed before still pass", derived=True),
    )
