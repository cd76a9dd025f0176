"""A line of Markdown: what people see are the words that were meant, wherever it stands, and none of them acts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given

from bot.core.markdown.blocks import Block, bullets, code_block, details, heading, page, paragraph, quote, table, tasks
from bot.core.markdown.inline import Inline, code, joined, line, link, plain, prose, read_back
from bot.core.markdown.words import cleaned, last_lines, one_line, shortened
from tests.core.markdown.reading import NASTY, seen

_FORBIDDEN = {
    "link_open",
    "image",
    "html_inline",
    "html_block",
    "strong_open",
    "em_open",
    "s_open",
    "heading_open",
    "hr",
    "blockquote_open",
}
_WRITERS = [plain, prose, code]
_LISTS = {"bullet_list_open", "ordered_list_open"}


@pytest.mark.parametrize("write", _WRITERS)
@given(text=NASTY)
@example(text="`a``b`@bob`@eve`")
@example(text="a@b@c")
@example(text="\\|`\\|`")
def test_nothing_in_a_line_acts_and_no_markup_arises(write: Callable[[str], Inline], text: str) -> None:
    found = seen(write(text))

    assert found.acting == set()
    assert not found.kinds & (_FORBIDDEN | _LISTS)


@given(text=NASTY)
def test_plain_words_are_seen_exactly(text: str) -> None:
    assert seen(plain(text)).words.strip() == one_line(text)


@given(text=NASTY)
def test_code_is_seen_exactly(text: str) -> None:
    assert seen(code(text)).words.strip() == one_line(text)


@given(text=NASTY)
def test_prose_is_seen_exactly_but_for_the_marks_of_code(text: str) -> None:
    def letters(words: str) -> str:
        return "".join(words.replace("`", "").split())

    assert letters(seen(prose(text)).words) == letters(one_line(text))


@given(text=NASTY.map(lambda text: text.replace("`", "'")))
@example(text="`a|b` is \\* and `x < y`, see `https://x.y`")
def test_what_was_written_is_read_back_as_it_was_meant(text: str) -> None:
    """As proposals are: an issue's checklist is what the bot itself wrote there."""
    assert prose(read_back(prose(text))) == prose(text)


@given(text=NASTY)
@example(text="# #")
@example(text="a ##")
def test_a_line_is_the_same_in_a_cell_a_list_a_task_a_quote_and_a_heading(text: str) -> None:
    shown = prose(text) or Inline("–")
    alone = seen(shown)

    cell = seen(table(["a", "b"], [[shown, "last"], ["next", shown]]))
    assert cell.words.split("\n")[2:6] == [alone.words.strip("\n"), "last", "next", alone.words.strip("\n")]
    for block in (bullets([shown]), tasks([(True, shown)]), quote(paragraph(shown)), heading(2, shown), details("more", paragraph(shown))):
        found = seen(block)
        assert alone.words.strip() in found.words
        assert found.acting == set()
        assert not found.kinds & {"link_open", "image", "html_inline", "strong_open", "em_open", "s_open"}


def test_marks_of_code_are_kept_and_entities_are_not_written_where_they_would_be_seen() -> None:
    assert prose('`x < y` & a < b, it\'s `f("a")`') == '`x < y` & a \\< b, it\'s `f("a")`'


def test_who_is_named_and_what_is_referred_to_stands_in_code() -> None:
    shown = prose("Thanks @ann and @octo/team: closes #3, octo/hub#4, https://github.com/o/r/issues/5. Mail a@example.org :tada:")

    assert shown == (
        "Thanks `@ann` and `@octo/team`: closes `#3`, `octo/hub#4`, `https://github.com/o/r/issues/5`. Mail `a@example.org` `:tada:`"
    )


def test_only_a_reference_that_the_bot_means_is_a_link() -> None:
    assert prose("waits for #12, unlike #13 and other/repo#12", issues={12}) == "waits for #12, unlike `#13` and `other/repo#12`"


def test_the_values_of_a_template_are_words_and_its_own_words_are_markdown() -> None:
    assert line("**{word}** at {time}: {why}", word=code("a|b"), time=3, why="*no* #4") == ("**<code>a&#124;b</code>** at 3: \\*no\\* `#4`")
    assert joined([Inline("a"), Inline(), prose("*")]) == "a \\*"


def test_a_link_goes_only_where_the_bot_sends_it() -> None:
    assert link("run 1", "https://github.com/o/r/actions/runs/1") == "[run 1](<https://github.com/o/r/actions/runs/1>)"
    assert link("run 1", "javascript:alert(1)") == "run 1"
    assert link("run 1", "https://x.y/>)[a](b") == "run 1"


@given(text=NASTY)
def test_a_long_line_ends_with_a_whole_word_and_a_sign(text: str) -> None:
    most = 20
    whole = one_line(text)

    short = shortened(whole, most)

    assert len(short) <= most + 1
    if len(whole) > most:
        kept = short.removesuffix("…")
        assert whole.startswith(kept)
        assert short.endswith("…")
        assert whole[len(kept)].isspace() or " " not in whole[:most]


@given(text=NASTY)
def test_shortening_never_cuts_an_escape(text: str) -> None:
    found = seen(prose("word " + text, most=12))

    assert found.acting == set()
    assert not found.kinds & (_FORBIDDEN | _LISTS)
    assert len(found.words.strip()) <= 13


def test_shortening_in_the_middle_of_code_keeps_it_code() -> None:
    assert prose("`one two three four`", most=9) == "`one two`…"
    assert prose("see `abcdefghijkl`", most=9) == "see …"


@given(text=NASTY)
def test_a_block_of_code_holds_whatever_it_is_given(text: str) -> None:
    found = seen(page(Block("before"), code_block(text), Block("after")))

    assert found.kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "fence"}
    shown = cleaned(text)
    assert found.words == f"before\n{shown}{'' if shown.endswith(chr(10)) else chr(10)}after\n"


def test_a_long_block_of_code_keeps_its_end_in_whole_lines() -> None:
    assert last_lines("one\ntwo\nthree\nfour", 12) == "…\nthree\nfour"
    assert last_lines("x" * 9, 4) == "…\nxxxx"
    assert "\nline 0\n" not in code_block("\n".join(f"line {n}" for n in range(1_000)), most=200)
