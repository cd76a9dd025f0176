"""Titles and commit messages name no account and close nothing, and otherwise say what was meant."""

from __future__ import annotations

import re

from hypothesis import given

from bot.core.markdown.subject import message, title
from bot.core.markdown.words import one_line
from tests.core.markdown.reading import NASTY

_ACTS = re.compile(r"@[a-z0-9]|#\d|GH-\d|/(?:issues|pull)/\d", re.IGNORECASE)


@given(text=NASTY)
def test_a_title_says_the_words_and_nothing_in_it_acts(text: str) -> None:
    shown = title(text)

    assert shown.replace("\u200b", "") == one_line(text).replace("\u200b", "")
    assert not _ACTS.search(shown)


def test_a_commit_message_gives_no_credit_to_accounts() -> None:
    assert message("Fix it\n\nCloses #3, thanks @bob\n\nCo-authored-by: Bob <bob@users.noreply.github.com>\n") == (
        "Fix it\n\nCloses #\u200b3, thanks @\u200bbob"
    )
