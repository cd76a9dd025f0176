"""Words from outside before they are placed anywhere: without what cannot be seen and what is secret, and shortened where a word ends."""

from __future__ import annotations

import re

from bot.core.secrets.detection import redacted

CUT = "…"
"""Stands wherever something was left out."""

_STEERING = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
"""Characters that turn the direction of the words around them, or that nobody sees at all."""
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for tabs and line ends, and halves of characters."""


def cleaned(text: str) -> str:
    """The same text without control characters, halves of characters, hidden ones and secrets; line ends are `\\n`, tabs stay."""
    return redacted(_unhidden(text))


def _unhidden(text: str) -> str:
    return _UNREADABLE.sub("", _STEERING.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str) -> str:
    return " ".join(cleaned(text).split())


def shortened(text: str, most: int) -> str:
    """At most `most` characters and the sign; ends with a whole word, unless there is only one."""
    if len(text) <= most:
        return text
    kept = text[:most]
    if not text[most].isspace() and (border := _last_border(kept)) > 0:
        kept = kept[:border]
    return kept.rstrip() + CUT


def last_lines(text: str, most: int) -> str:
    """The end of it, as it is the end of what a command printed that tells; whole lines, unless there is only one."""
    if len(text) <= most:
        return text
    kept = text[len(text) - most :]
    if text[len(text) - most - 1] != "\n":
        _, border, rest = kept.partition("\n")
        kept = rest if border and rest else kept
    return f"{CUT}\n{kept}"


def _last_border(text: str) -> int:
    return next((place for place in range(len(text) - 1, -1, -1) if text[place].isspace()), -1)
