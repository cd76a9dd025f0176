"""Blocks of Markdown: lists, tables, quotes, code, folded parts, and a page of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from bot.core.markdown.inline import Inline, prose
from bot.core.markdown.words import cleaned, last_lines

_LONGEST = 4_000
_NOTHING = Inline("–")
_ACTING = frozenset({"suggestion", "mermaid", "math", "geojson", "topojson", "stl", "diff-suggestion"})
"""Languages of a code block of which GitHub makes something else than code: a button that commits it, a picture, a map."""
_CLOSING_MARKS = re.compile(r"(?:(?<=\s)|^)#+(?=\s*$)")


class Block(str):
    """Markdown that stands by itself, between empty lines."""

    __slots__ = ()


def paragraph(*lines: Inline) -> Block:
    return Block("\n".join(line for line in lines if line))


def heading(level: int, words: Inline) -> Block:
    """A `#` at the end would close the heading and be lost: https://spec.commonmark.org/0.31.2/#closing-sequence"""
    return Block(f"{'#' * level} {_CLOSING_MARKS.sub(lambda marks: chr(92) + marks[0], words)}")


def bullets(items: Iterable[Inline]) -> Block:
    return Block("\n".join(f"- {item or _NOTHING}" for item in items))


def tasks(items: Iterable[tuple[bool, Inline]]) -> Block:
    """Items with a box each, ticked where it says so."""
    return Block("\n".join(f"- [{'x' if done else ' '}] {item or _NOTHING}" for done, item in items))


def table(head: Sequence[str | Inline], rows: Iterable[Sequence[str | Inline]]) -> Block:
    """Each cell a line; words that are no Markdown yet are prose from outside."""
    lines = [_row(head), "|" + "---|" * len(head), *(_row(row) for row in rows)]
    return Block("\n".join(lines))


def _row(cells: Sequence[str | Inline]) -> str:
    return "| " + " | ".join(cell if isinstance(cell, Inline) else prose(cell) for cell in cells) + " |"


def code_block(text: str, *, language: str = "", most: int = _LONGEST) -> Block:
    """The end of a long text, since that is where commands say what came of them."""
    shown = last_lines(cleaned(text), most)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    named = language if re.fullmatch(r"[\w+#.-]{1,40}", language) and language.casefold() not in _ACTING else ""
    return Block(f"{fence}{named}\n{shown}\n{fence}" if not shown.endswith("\n") else f"{fence}{named}\n{shown}{fence}")


def quote(block: Block) -> Block:
    return Block("\n".join(f"> {line}".rstrip() for line in (block or _NOTHING).split("\n")))


def details(summary: str, *blocks: Block) -> Block:
    """Folded until somebody opens it; the summary stands in HTML, the rest is Markdown again after an empty line."""
    return Block(f"<details><summary>{escape(' '.join(summary.split()))}</summary>\n\n{page(*blocks)}\n\n</details>")


def page(*blocks: Block) -> Block:
    return Block("\n\n".join(block for block in blocks if block))


def comment(words: str) -> Block:
    """Hidden: what the bot knows its own writing by."""
    assert "--" not in words
    return Block(f"<!-- {words} -->")
