"""Words where no Markdown is read: titles and commit messages. GitHub acts on people and references there too."""

from __future__ import annotations

import re

from bot.core.markdown.words import one_line, shortened

_UNSEEN = "\u200b"
_CALLS = re.compile(r"(?<=@)(?=[A-Za-z0-9])|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=/issues/)(?=\d)|(?<=/pull/)(?=\d)", re.IGNORECASE)
_CREDITS = re.compile(r"^\s*[\w-]+-by:.*$\n?", re.IGNORECASE | re.MULTILINE)


def harmless(text: str) -> str:
    """The same words; in front of what would name an account or close an issue stands a space that nobody sees."""
    return _CALLS.sub(_UNSEEN, text)


def title(text: str, *, most: int = 200) -> str:
    return harmless(shortened(one_line(text), most))


def message(text: str) -> str:
    """A commit message without lines that give credit to accounts (`Co-authored-by:`), and otherwise harmless."""
    return harmless(_CREDITS.sub("", text)).strip()
