"""One line of Markdown: in text, list, table cell and heading alike it shows the words that were meant, and none of them acts.

What GitHub would act on (mentions, references, links, emoji) becomes a code span, in which it acts on nothing:
https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from bot.core.markdown.words import CUT, cleaned, one_line, shortened


class Inline(str):
    """Markdown that is right wherever a line may stand. Only this room makes it out of words from outside."""

    __slots__ = ()


@dataclass(frozen=True)
class Piece:
    """Some words of a line, without any markup."""

    text: str
    code: bool = False


_ACTS = re.compile(
    r"""
      (?:https?|ftp):// | www\.                                          # links that need no markup
    | @[a-z0-9]                                                         # people, teams, addresses of mail
    | \#\d+(?!\w) | GH-\d | /(?:issues|pull|discussions|commit)/\w       # issues, of any repository
    | GHSA(?:-\w{4}){3}                                                # advisories
    | (?<!\w) (?= [a-f]*\d ) (?= \d*[a-f] ) [0-9a-f]{7,40} (?!\w)      # commits
    | : (?: [+-]1 | 100 | 1234 | 8ball | [a-z][\w+-]* ) :               # emoji
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[^\s()\[\]]+")
_AROUND = re.compile(r"""(?P<before>[{"'*_<>~|]*)(?P<core>.*?)(?P<after>[.,;:!?)\]}"'*_<>~|]*)""")
_CODE_SPAN = re.compile(r"(?<!`)(?P<fence>`+)(?!`)(?P<code>.+?)(?<!`)(?P=fence)(?!`)")
"""https://spec.commonmark.org/0.31.2/#code-spans"""
_WRITTEN = re.compile(rf"\\(?P<escaped>[!-/:-@\[-`{{-~])|(?P<span>{_CODE_SPAN.pattern})|<code>(?P<html>.*?)</code>")
_MARKS = re.compile(r"[\\`*\[\]<~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#\w])")
_OPENERS = re.compile(r"#{1,6}(?=\s|$)|\+(?=\s|$)|[\-=>]|:(?=-)|\d{1,9}(?=[.)])")
"""What at the beginning of a line would make something other than text of it."""
_SPACE = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_LONGEST = 4_000


def acts(text: str) -> str | None:
    """What GitHub would act on in these words, if there is anything."""
    return next((text[slice(*_core(word))] for word in _WORD.finditer(text) if _ACTS.search(word[0])), None)


def plain(text: str, *, most: int = _LONGEST) -> Inline:
    """Exactly these words, backticks among them."""
    return written([Piece(shortened(one_line(text), most))])


def prose(text: str, *, most: int = _LONGEST, issues: Set[int] = frozenset()) -> Inline:
    """Words in which backticks mean code, as people, models and this bot's own reasons use them. Only `#` and one of `issues` is a link."""
    return _prose(text, most, frozenset(issues))


@lru_cache(maxsize=10_000)
def _prose(text: str, most: int, issues: frozenset[int]) -> Inline:
    """Kept, since each look at a project asks for the same words."""
    return written(_cut(_spans(one_line(text)), most), issues=issues)


def code(text: str, *, most: int = _LONGEST) -> Inline:
    """A code span. Entities are not decoded in it, and a `|` would end the cell of a table: those are written as HTML, where they are."""
    return Inline(_code(shortened(one_line(text), most)))


def _code(shown: str) -> str:
    if not shown:
        return ""
    if "|" in shown:
        return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', shown)}</code>"
    return _fenced(shown)


def _fenced(shown: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    # A reader takes one space off where there is one on both sides.
    room = " " if "`" in (shown[0], shown[-1]) or (shown[0] == shown[-1] == " " and shown.strip()) else ""
    return f"{fence}{room}{shown}{room}{fence}"


def link(shown: str | Inline, url: str) -> Inline:
    """To an address that the bot itself made or read from GitHub; anything but the web is only shown."""
    words = shown if isinstance(shown, Inline) else prose(shown)
    address = one_line(url)
    if not re.fullmatch(r"https?://[^\s<>\\`|]+", address):
        return words
    return Inline(f"[{words}](<{address}>)")


def line(template: str, **values: str | int | Inline) -> Inline:
    """The bot's own words, with values in their places: what is no `Inline` yet is prose from outside."""
    return Inline(template.format(**{name: value if isinstance(value, int | Inline) else prose(value) for name, value in values.items()}))


def read_back(markdown: str) -> str:
    """The words of a line that `prose` wrote, as they were given to it; of people's own Markdown only the escapes are undone."""
    return _WRITTEN.sub(lambda found: found["escaped"] or found["span"] or _fenced(unescape(found["html"])), markdown)


def joined(parts: Iterable[Inline], between: str = " ") -> Inline:
    return Inline(between.join(part for part in parts if part))


def written(pieces: Iterable[Piece], *, issues: Set[int] = frozenset()) -> Inline:
    """Pieces as Markdown, beside each other: two code spans that met would become one with backticks in it."""
    parts = _merged(part for whole in _merged(pieces) for part in _harmless(whole, issues))
    if parts and not parts[0].code:
        parts[0] = Piece(parts[0].text.lstrip())
    if parts and not parts[-1].code:
        parts[-1] = Piece(parts[-1].text.rstrip())
    math = sum(one.text.count("$") for one in parts if not one.code) > 1  # what stands between two of them would be set as a formula
    written = [_code(one.text) if one.code else _escaped(one.text, first=place == 0, math=math) for place, one in enumerate(parts)]
    return Inline("".join(written))


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        text = _SPACE.sub(" ", cleaned(piece.text))
        if merged and merged[-1].code == piece.code:
            merged[-1] = Piece(merged[-1].text + text, code=piece.code)
        elif text:
            merged.append(Piece(text, code=piece.code))
    return merged


def _harmless(piece: Piece, issues: Set[int]) -> Iterator[Piece]:
    """The piece, and apart from the rest what GitHub would act on."""
    if piece.code:
        yield piece
        return
    at = 0
    for word in _WORD.finditer(piece.text):
        if not _ACTS.search(word[0]):
            continue
        start, end = _core(word)
        core = piece.text[start:end]
        if core[0] == "#" and core[1:].isdecimal() and int(core[1:]) in issues:
            continue
        yield Piece(piece.text[at:start])
        yield Piece(core, code=True)
        at = end
    yield Piece(piece.text[at:])


def _core(word: re.Match[str]) -> tuple[int, int]:
    """Where the word is without the punctuation around it, unless that belongs to what acts."""
    inner = _AROUND.fullmatch(word[0])
    assert inner is not None
    start, end = (word.start() + place for place in inner.span("core"))
    return (start, end) if _ACTS.search(inner["core"]) else word.span()


def _spans(text: str) -> Iterator[Piece]:
    at = 0
    for found in _CODE_SPAN.finditer(text):
        yield Piece(text[at : found.start()])
        inner = found["code"]
        yield Piece(inner[1:-1] if inner.startswith(" ") and inner.endswith(" ") and inner.strip() else inner, code=True)
        at = found.end()
    yield Piece(text[at:])


def _cut(pieces: Iterable[Piece], most: int) -> Sequence[Piece]:
    kept: list[Piece] = []
    for piece in pieces:
        if len(piece.text) > most:
            short = shortened(piece.text, most).removesuffix(CUT)
            whole = any(char.isspace() for char in piece.text[: most + 1])
            return [*kept, *([Piece(short, code=piece.code)] if whole or not kept else []), Piece(CUT)]
        most -= len(piece.text)
        kept.append(piece)
    return kept


def _escaped(text: str, *, first: bool, math: bool) -> str:
    marked = _MARKS.sub(r"\\\g<0>", text)
    if math:
        marked = marked.replace("$", "\\$")
    if first and (opener := _OPENERS.match(marked)):
        at = opener.end() if opener[0][0].isdigit() else 0
        return f"{marked[:at]}\\{marked[at:]}"
    return marked
