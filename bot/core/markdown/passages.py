"""Whole passages of Markdown from outside, as models and people write them: read by a parser and written anew, so that none of it acts.

Paragraphs, lists, quotes, tables and code stay what they are. Links, images and HTML stand there as the characters that they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.core.markdown.blocks import Block, code_block, page, quote, table
from bot.core.markdown.inline import Inline, Piece, written
from bot.core.markdown.words import cleaned, shortened

_LONGEST = 4_000
_DEEPEST = 6


@cache
def reader() -> MarkdownIt:
    """What counts as markup in a passage; everything else in it is text."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable(["table", "strikethrough"])
    return parser.disable(["link", "image", "autolink", "html_inline", "html_block", "reference"])


def passage(text: str, *, most: int = _LONGEST, issues: Set[int] = frozenset()) -> Block:
    """Only `#` and one of `issues` is a link in it."""
    return _passage(text, most, frozenset(issues))


@lru_cache(maxsize=1_000)
def _passage(text: str, most: int, issues: frozenset[int]) -> Block:
    """Kept, since each look at a pull request asks for the same reports."""
    return _Writer(issues).page_of(SyntaxTreeNode(reader().parse(shortened(cleaned(text).strip("\n"), most))).children)


@dataclass(frozen=True)
class _Writer:
    issues: Set[int]

    def page_of(self, nodes: Iterable[SyntaxTreeNode], depth: int = 0) -> Block:
        return page(*self._blocks(nodes, depth))

    def _blocks(self, nodes: Iterable[SyntaxTreeNode], depth: int) -> Iterator[Block]:
        for node in nodes:
            match node.type:
                case "paragraph" | "inline":
                    yield Block("\n".join(self._lines(node)))
                case "heading":
                    yield Block(f"**{' '.join(lines)}**" if (lines := self._lines(node)) else "")
                case "fence" | "code_block":
                    yield code_block(node.content.removesuffix("\n"), language=node.info.strip())
                case "bullet_list" | "ordered_list" if depth < _DEEPEST:
                    yield self._list(node, depth)
                case "blockquote" if depth < _DEEPEST:
                    inner = self.page_of(node.children, depth + 1)
                    yield quote(inner) if inner else Block()
                case "table":
                    rows = [row for part in node.children for row in part.children]
                    head, *rest = [[Inline(" ".join(self._lines(cell))) for cell in row.children] for row in rows]
                    yield table(head, rest)
                case "hr":
                    yield Block("---")
                case _:
                    yield from self._blocks(node.children, depth)

    def _list(self, node: SyntaxTreeNode, depth: int) -> Block:
        items = [[block for block in self._blocks(item.children, depth + 1) if block] for item in node.children]
        items = [item for item in items if item]
        start = int(node.attrs.get("start", 1))
        marks = ["- " if node.type == "bullet_list" else f"{start + place}. " for place in range(len(items))]
        between = "\n" if all(len(item) <= 1 for item in items) else "\n\n"
        return Block(between.join(_item(mark, page(*item)) for mark, item in zip(marks, items, strict=True)))

    def _lines(self, node: SyntaxTreeNode) -> Sequence[Inline]:
        """The lines of a paragraph, a heading or a cell; emphasis is left out, since its marks would mean something else beside escapes."""
        lines: list[list[Piece]] = [[]]
        for piece in _pieces(node):
            if piece is None:
                lines.append([])
            else:
                lines[-1].append(piece)
        return [line for pieces in lines if (line := written(pieces, issues=self.issues))]


def _item(mark: str, content: Block) -> str:
    first, *rest = content.split("\n")
    return "\n".join([f"{mark}{first}".rstrip(), *(f"{' ' * len(mark)}{line}".rstrip() for line in rest)])


def _pieces(node: SyntaxTreeNode) -> Iterator[Piece | None]:
    """None where a line ends."""
    for child in node.children:
        match child.type:
            case "softbreak" | "hardbreak":
                yield None
            case "code_inline":
                yield Piece(child.content, code=True)
            case _ if child.children:
                yield from _pieces(child)
            case _:
                yield Piece(child.content)
