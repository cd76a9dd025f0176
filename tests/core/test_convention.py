"""Titles follow the repository: its convention is found in what it has, told in a line, and asked of whoever gives a title."""

from __future__ import annotations

import pytest

from bot.core.runs.convention import Convention, Style, convention_of, described, refusal, unfit

CONVENTIONAL = [
    "fix(parser): keep the last line (#12)",
    "feat: count pots",
    "chore(deps): bump x",
    "docs: say more",
    "fix: typo",
    "Merge branch 'x'",
]
AREAS = ["parser: Keep the last line", "hub/rest: Answer 404", "cli: Say why", "parser: Read tabs", "Bump the version", "core: Order rules"]
BRACKETS = ["[core] keep it", "[ui] show it", "[core] tell it", "[docs] say it", "[ui] hide it"]
PLAIN = ["Keep the last line", "Count pots", "Say why nothing happened", "Read tabs, too", "Order the rules"]
PAST = ["Fixed the parser.", "Added a test.", "Removed what nobody used.", "Moved the rules.", "Wrote a page."]


@pytest.mark.parametrize(
    ("subjects", "style", "words"),
    [
        (CONVENTIONAL, Style.CONVENTIONAL, ["type(scope): words", "types in use: fix", "lower case", "imperative"]),
        (AREAS, Style.AREA, ["`area: words`", "areas in use: parser", "with a capital"]),
        (BRACKETS, Style.BRACKET, ["`[area] words`", "areas in use: core, ui, docs"]),
        (PLAIN, Style.PLAIN, ["a plain sentence", "imperative", "no period", "at most 72"]),
        (PAST, Style.PLAIN, ["past tense", "a period at the end"]),
        (["wip"] * 4, Style.PLAIN, ["imperative", "with a capital"]),
        ([], Style.PLAIN, ["imperative"]),
    ],
)
def test_the_convention_is_found_and_told(subjects: list[str], style: Style, words: list[str]) -> None:
    found = convention_of(subjects)

    assert found.style is style
    assert [word for word in words if word not in described(found)] == []


def test_examples_are_without_numbers_and_merges() -> None:
    assert convention_of(CONVENTIONAL).examples == ("fix(parser): keep the last line", "feat: count pots", "chore(deps): bump x")


def test_a_repository_that_is_used_to_long_subjects_gets_them() -> None:
    assert convention_of(["Say " + "much " * 17] * 9).longest == 88
    assert convention_of(["Say " + "much " * 99] * 9).longest == 100


@pytest.mark.parametrize(
    ("title", "subjects", "why"),
    [
        ("fix(parser): keep the last line", CONVENTIONAL, None),
        ("perf: read once", CONVENTIONAL, None),
        ("Keep the last line", CONVENTIONAL, "Titles here are Conventional Commits"),
        ("whatever: keep it", CONVENTIONAL, "Titles here are Conventional Commits"),
        ("parser: Keep it", AREAS, None),
        ("Keep it", AREAS, "Titles here are `area: words`"),
        ("[core] keep it", BRACKETS, None),
        ("keep it", BRACKETS, "Titles here are `[area] words`"),
        ("Keep the last line", PLAIN, None),
        ("x" * 73, PLAIN, "73 characters"),
        ("Two\nlines", PLAIN, "one line"),
        ("", PLAIN, "one line"),
        ("Keep it, closes #3", PLAIN, "leave out `#3`"),
        ("Thank @bob", PLAIN, "leave out `@bob`"),
        ("See https://x.y/z", PLAIN, "leave out `https://x.y/z`"),
        ("Turn \u202eround", PLAIN, "one line"),
    ],
)
def test_a_title_is_asked_to_fit(title: str, subjects: list[str], why: str | None) -> None:
    answer = refusal(title, convention_of(subjects))

    assert answer is None if why is None else why in str(answer)


def test_what_no_repository_takes_is_known_without_its_convention() -> None:
    assert unfit("Keep the last line") is None
    assert unfit("x" * 101) is not None
    assert refusal("Keep the last line", Convention()) is None
