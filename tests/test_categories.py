"""The 21 categories as they ship: complete, numbered, each in its own words."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from rapidfuzz import fuzz

from bot.core.roles.category import Category
from bot.entry.texts import load_categories

FOLDER = Path(__file__).parent.parent / "categories"
FILES = sorted(FOLDER.iterdir())
IN_ORDER = [
    "optimization",
    "innovation",
    "architecture",
    "front-end",
    "back-end",
    "security",
    "testing",
    "documentation",
    "technical-debt",
    "developer-experience",
    "monitoring-observability",
    "devops-infrastructure",
    "accessibility",
    "dependency-management",
    "data-management",
    "internationalization",
    "error-handling-resilience",
    "code-quality",
    "compliance-governance",
    "scalability",
    "api-evolution",
]
PERSONAS = {"backend", "frontend", "testing", "devops", "docs", "security", "data"}
KEYS = {"name", "title", "summary", "persona", "signals", "evidence", "not", "applies_when"}

every_category = pytest.mark.parametrize("category", load_categories(), ids=lambda category: category.name)


def test_there_are_twenty_one_in_the_order_that_was_promised() -> None:
    assert [path.name for path in FILES] == [f"{number:02}-{name}.md" for number, name in enumerate(IN_ORDER, start=1)]


def test_the_bot_finds_each_by_the_name_of_its_file() -> None:
    assert [category.name for category in load_categories()] == IN_ORDER


def test_no_two_look_the_same_to_a_person() -> None:
    titles = [category.title.casefold() for category in load_categories()]
    summaries = [category.summary.casefold() for category in load_categories()]
    assert len(set(titles)) == len(titles)
    assert len(set(summaries)) == len(summaries)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_front_matter_has_all_keys_and_no_other(path: Path) -> None:
    _, front, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    assert set(yaml.safe_load(front)) == KEYS


@every_category
def test_a_category_says_enough_to_be_worked_with(category: Category) -> None:
    assert category.persona in PERSONAS
    assert re.fullmatch(r"[A-Z].{40,180}\.", category.summary), "the summary is one whole sentence"
    assert 4 <= len(category.signals) <= 8
    assert 2 <= len(category.evidence) <= 5
    assert 2 <= len(category.excludes) <= 6
    assert 1 <= len(category.applies_when) <= 4
    for line in (*category.signals, *category.evidence, *category.excludes, *category.applies_when):
        assert 10 <= len(line) <= 220, line


@every_category
def test_a_category_keeps_its_neighbours_out_by_name(category: Category) -> None:
    others = [name for name in IN_ORDER if name != category.name]
    assert any(re.search(rf"\b{name}\b", line) for line in category.excludes for name in others)


@every_category
def test_a_prompt_is_long_enough_to_teach_and_short_enough_to_be_read(category: Category) -> None:
    assert 250 <= len(category.prompt.split()) <= 450


@every_category
def test_a_prompt_goes_to_the_model_as_it_stands(category: Category) -> None:
    text = " ".join((category.prompt, category.summary, *category.signals, *category.evidence, *category.excludes))
    assert not re.search(r"\{\{|\{%|\{#|\$\{\{|<[A-Z_]+>|TODO:", text), "nothing is left to fill in"
    assert not re.search(r"^#", category.prompt, re.MULTILINE), "headings belong to the prompt around it"


def test_no_two_prompts_share_their_words() -> None:
    alike = {
        (one.name, other.name): score
        for one, other in combinations(load_categories(), 2)
        if (score := fuzz.token_set_ratio(one.prompt, other.prompt)) > 70
    }
    assert not alike


def test_no_sentence_stands_in_two_categories() -> None:
    seen: dict[str, str] = {}
    for category in load_categories():
        for sentence in _sentences(category):
            assert sentence not in seen, f"{category.name} and {seen[sentence]} both say: {sentence}"
        seen |= dict.fromkeys(_sentences(category), category.name)


def _sentences(category: Category) -> set[str]:
    text = " ".join((category.prompt, *category.signals, *category.evidence, *category.excludes))
    parts = (part.strip("*-# ").casefold() for part in re.split(r"(?<=[.:;?!])\s+", text))
    return {part for part in parts if len(part.split()) >= 6}
