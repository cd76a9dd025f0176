"""Titles and commit messages name no account and close nothing, and otherwise say what was meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from bot.core.markdown.subject import message, title
from bot.core.markdown.words import one_line
from bot.core.runs.convention import unfit
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


@pytest.mark.parametrize(
    "words", ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[Actions Skip]", "***NO_CI***", "skip-checks: true"]
)
def test_no_words_in_a_commit_keep_its_checks_from_running(words: str) -> None:
    """https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs"""
    shown = message(f"Fix it\n\n{words}")

    assert words not in shown
    assert shown.replace("\u200b", "") == f"Fix it\n\n{words}"


def test_nor_do_those_in_a_title() -> None:
    assert title("Fix it [skip ci]") == "Fix it [\u200bskip ci]"


def test_credit_is_left_out_however_its_line_is_written() -> None:
    assert message("Fix it\n\nCo-Authored-By : Bob <b@b.io>\nCo-authored-by\t: x\n  signed-off-by: y") == "Fix it"


def test_a_title_that_an_agent_gives_keeps_no_checks_from_running() -> None:
    assert unfit("Fix it [skip ci]") == "A title keeps no checks from running: leave out words such as `[skip ci]`."
    assert unfit("Fix it [core]") is None
