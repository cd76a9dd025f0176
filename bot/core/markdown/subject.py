"""Words where no Markdown is read: titles and commit messages. GitHub acts on people and references there too."""

from __future__ import annotations

import re

from bot.core.markdown.words import one_line, shortened

_UNSEEN = "\u200b"
_CALLS = re.compile(r"(?<=@)(?=[A-Za-z0-9])|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=/issues/)(?=\d)|(?<=/pull/)(?=\d)", re.IGNORECASE)
_CREDITS = re.compile(r"^[^\S\n]*[\w-]+-by[^\S\n]*:.*$\n?", re.IGNORECASE | re.MULTILINE)
_SKIPS = re.compile(
    r"(?<=\[)(?=(?:skip|no)[ -](?:ci|actions)\]|(?:ci|actions)[ -]skip\])|(?<=\*\*\*NO)(?=_CI)|(?<=^skip-checks)(?=\s*:)",
    re.IGNORECASE | re.MULTILINE,
)
"""Words by which a commit keeps checks from running: https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs"""


def harmless(text: str) -> str:
    """The same words; in what would name an account, close an issue or keep checks from running stands a space that nobody sees."""
    return _SKIPS.sub(_UNSEEN, _CALLS.sub(_UNSEEN, text))


def title(text: str, *, most: int = 200) -> str:
    return harmless(shortened(one_line(text), most))


def message(text: str) -> str:
    """A commit message without lines that give credit to accounts (`Co-authored-by:`), and otherwise harmless."""
    return harmless(_CREDITS.sub("", text)).strip()
