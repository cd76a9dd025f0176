"""Where in a unified diff a comment may stand: lines of the new side inside a hunk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet


@dataclass(frozen=True)
class Lines:
    numbers: frozenset[int]

    def holds(self, line: int) -> bool:
        return line in self.numbers

    def ranges(self) -> str:
        """`3-9, 14`; `none` for a file that only lost lines."""
        ordered = sorted(self.numbers)
        if not ordered:
            return "none"
        starts = [ordered[0], *(after for before, after in pairwise(ordered) if after > before + 1)]
        ends = [*(before for before, after in pairwise(ordered) if after > before + 1), ordered[-1]]
        return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in zip(starts, ends, strict=True))


def commentable(diff: str) -> dict[str, Lines]:
    """By path of the new side; empty where the diff cannot be read, so that nothing is claimed about it."""
    try:
        patch = PatchSet(diff)
    except UnidiffParseError:
        return {}
    return {
        file.path: Lines(frozenset(line.target_line_no for hunk in file for line in hunk if line.target_line_no is not None))
        for file in patch
        if not file.is_removed_file
    }
