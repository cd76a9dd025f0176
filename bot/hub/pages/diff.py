"""A patch as a page shows it: lines with both numbers and a sign, so that colour is never the only mark."""

from dataclasses import dataclass

from bot.hub.store.diffs import HUNK

KINDS = {"+": "added", "-": "removed", " ": "same"}


@dataclass(frozen=True, kw_only=True)
class Line:
    kind: str
    old: int | None
    new: int | None
    sign: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FileDiff:
    path: str
    status: str
    additions: int
    deletions: int
    lines: tuple[Line, ...]
    binary: bool


def lines_of(patch: str) -> list[Line]:
    found: list[Line] = []
    old = new = 0
    for text in patch.split("\n") if patch else []:
        if header := HUNK.match(text):
            old, new = int(header[1]), int(header[3])
            found.append(Line(kind="hunk", old=None, new=None, sign="", text=text))
            continue
        kind = KINDS.get(text[:1])
        if kind is None:
            found.append(Line(kind="note", old=None, new=None, sign="", text=text.lstrip("\\ ")))
            continue
        on_old, on_new = kind != "added", kind != "removed"
        found.append(Line(kind=kind, old=old if on_old else None, new=new if on_new else None, sign=text[0], text=text[1:]))
        old, new = old + on_old, new + on_new
    return found
