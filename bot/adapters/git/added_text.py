"""What commits would make public: the lines that they add, on the way too, their paths and their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.adapters.git.process import EMPTY_TREE, Mirror, git
from bot.adapters.secret_scan import AddedText

_HUNK = re.compile(rb"(@@+) (?:-\d+(?:,\d+)? )+\+(\d+)(?:,(\d+))? @@")
_OLD = re.compile(rb"-\d+(?:,(\d+))?")
_OPTIONS = ("-U0", "--text", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv")
_AS_IT_IS = {"attr.tree": EMPTY_TREE}
"""So that no attribute in the repository hides a file: git reads them from 2.43 on in a bare repository, too."""


def added_texts(apart: Mirror, base: str, head: str, new: Sequence[str]) -> Iterator[AddedText]:
    """Lines that the base has already, and that are only moved or indented anew, are left out."""
    there = _removed(_out(apart, "diff", *_OPTIONS, base, head))
    messages = _out(apart, "log", "--format=%H%n%B%x00", *new).decode("utf-8", "replace")
    for one in messages.split("\0"):
        oid, _, words = one.strip("\n").partition("\n")
        if words.strip():
            yield AddedText(place=f"the message of commit {oid[:8]}", first_line=1, text=words)
    paths: set[str] = set()
    for path, line, lines in _hunks(_out(apart, "log", "--format=", "-p", "-c", *_OPTIONS, *new)):
        if path not in paths:
            paths.add(path)
            yield AddedText(place="the name of a file", first_line=0, text=path)
        text = b"\n".join(b"" if one.strip() in there else one for one in lines)
        yield AddedText(place=path, first_line=line, text=text.decode("utf-8", "replace"))


def _out(apart: Mirror, *args: str) -> bytes:
    return git(*args, cwd=apart.path, config=_AS_IT_IS, bounded=apart.bounded).out


def _removed(diff: bytes) -> frozenset[bytes]:
    return frozenset(line[1:].strip() for line in diff.split(b"\n") if line.startswith(b"-") and not line.startswith(b"--- "))


def _hunks(diff: bytes) -> Iterator[tuple[str, int, list[bytes]]]:
    """Path, first line and lines of each stretch that is added. Lines are counted as its head says, since one may look like a head."""
    path, at, added, start = "", 0, [], 0
    new, old, width = 0, [0], 1
    for line in diff.split(b"\n"):
        if new > 0 or any(count > 0 for count in old):
            marks = line[:width]
            if line.startswith(b"\\"):
                continue
            if b"-" in marks:
                old = [count - (mark == ord("-")) for count, mark in zip(old, marks.ljust(width), strict=True)]
            else:
                new -= 1
                old = [count - (mark == ord(" ")) for count, mark in zip(old, marks.ljust(width), strict=True)]
                if b"+" in marks:
                    added.append(line[width:])
                elif added:
                    yield path, start, added
                    added = []
                at += 1
                start = at if not added else start
            continue
        if added:
            yield path, start, added
            added = []
        if (hunk := _HUNK.match(line)) is not None:
            width = len(hunk[1]) - 1
            at = start = int(hunk[2])
            new = int(hunk[3]) if hunk[3] is not None else 1
            olds = line[: hunk.end()].split(b"+", 1)[0]
            old = [int(count) if count else 1 for count in _OLD.findall(olds)]
        elif line.startswith(b"+++ "):
            path = _path(line[4:])
    if added:
        yield path, start, added


def _path(shown: bytes) -> str:
    text = shown.rstrip(b"\t").decode("utf-8", "replace")
    return text.strip('"').removeprefix("b/")
