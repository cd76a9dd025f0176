"""Characters in a change that a reader does not see, or that turn the order of those around them: https://trojansource.codes"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.core.evidence.shown_diff import shown_diff

_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\U000e0000-\U000e0fff\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
"""Joiners are right between letters of many scripts and in emoji; beside ASCII they only hide."""
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_MOST = 20


def hidden_characters(diff: str) -> tuple[str, ...]:
    """One line for each line that the change adds and that has some: where, and which."""
    found = [
        f"{place} has {', '.join(dict.fromkeys(map(_name, _HIDDEN.findall(text))))}" for place, text in _added(diff) if _HIDDEN.search(text)
    ]
    return (*found[:_MOST], *([f"{len(found) - _MOST} more lines have hidden characters"] if len(found) > _MOST else []))


def _added(diff: str) -> Iterator[tuple[str, str]]:
    for file in shown_diff(diff).files:
        yield "the name of a file", file.path
        number, inside = 0, False
        for line in file.text.split("\n"):
            if (hunk := _HUNK.match(line)) is not None:
                number, inside = int(hunk[1]) - 1, True
            elif inside and not line.startswith(("-", "\\")):
                number += 1
                if line.startswith("+"):
                    text = line[1:].removeprefix("\ufeff") if number == 1 else line[1:]
                    yield f"{file.path}:{number}", text.removesuffix("\r")


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'control character')}"
