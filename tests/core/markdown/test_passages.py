"""Passages from outside keep their paragraphs, lists, tables and code, and lose everything that acts."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from bot.core.markdown.blocks import Block, page, quote
from bot.core.markdown.passages import passage, reader
from bot.core.markdown.words import cleaned
from tests.core.markdown.reading import NASTY, Seen, seen


def _meant(text: str) -> str:
    """What the passage says where nothing but paragraphs, lists, quotes, tables and code is markup."""
    words = []
    for token in reader().parse(text):
        if token.type in ("fence", "code_block"):
            words.append(token.content)
        words += [child.content for child in token.children or [] if child.type in ("text", "code_inline", "text_special")]
    return "".join("".join(words).split())


def _letters(found: Seen) -> str:
    return "".join(found.words.split())


@given(text=NASTY)
@example(text="- foo\n  -\n\n1. a\n2. b\n\n   c")
@example(text="a**@bob**")
@example(text="&#10;&#10;# no heading &#64;bob")
@example(text="| a | b |\n|---|---|\n| `x\\|y` | @bob |")
def test_a_passage_is_seen_as_meant_and_nothing_in_it_acts(text: str) -> None:
    found = seen(passage(text))

    assert _letters(found) == _meant(cleaned(text).strip("\n"))
    assert found.acting == set()
    assert not found.kinds & {"link_open", "image", "html_inline", "html_block", "em_open", "s_open"}


@given(text=NASTY)
def test_a_passage_never_leaves_its_quote(text: str) -> None:
    found = seen(page(quote(passage(text)), Block("after")))

    assert found.words.endswith("after\n")
    assert found.acting == set()


def test_lists_and_code_stay_what_they_are() -> None:
    text = "# Done\n\nI **fixed** `a < b`:\n- one\n- two\n  1. deep\n\n```py\nx = '@bob'\n```\n> as asked\n"

    assert passage(text) == ("**Done**\n\nI fixed `a < b`:\n\n- one\n\n- two\n\n  1. deep\n\n```py\nx = '@bob'\n```\n\n> as asked")


def test_links_images_and_html_are_only_characters() -> None:
    assert passage('See [here](https://x.y) ![i](https://x.y/i.png) <img src="x"> <!-- hidden --> Closes #3') == (
        'See \\[here\\](`https://x.y`) !\\[i\\](`https://x.y/i.png`) \\<img src="x"> \\<!-- hidden --> Closes `#3`'
    )


@pytest.mark.parametrize("language", ["suggestion", "Mermaid", "math", "geojson"])
def test_a_block_of_code_is_code_and_no_button_picture_or_map(language: str) -> None:
    """https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/creating-diagrams"""
    assert passage(f"```{language}\nx\n```") == "```\nx\n```"


@pytest.mark.parametrize("words", ["octo/hub/issues/3", "github.com/octo/hub/pull/3", "GHSA-abcd-1234-efgh"])
def test_what_github_makes_a_link_of_without_a_scheme_is_code(words: str) -> None:
    assert passage(f"fixes {words}") == f"fixes `{words}`"
