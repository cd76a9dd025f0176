"""What of a diff the reviewer is shown at once: every file by name, small ones whole, large ones as far as their share goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

BUDGET = 50_000
"""Characters of the first message; what is more is read in parts."""
PART = 15_000
LEFT_OUT = "# not shown, too large: "
"""Begins a line at the head of a diff from which a whole file was left out."""
_HEAD = re.compile(r"^diff --git ", re.MULTILINE)
_NEW_SIDE = re.compile(r"^\+\+\+ (?:\"?b/)?(?P<path>.*?)\"?\t?$", re.MULTILINE)
_OLD_SIDE = re.compile(r"^--- (?:\"?a/)?(?P<path>.*?)\"?\t?$", re.MULTILINE)
_IN_HEAD = re.compile(r"^diff --git \"?a/(?P<old>.*?)\"? \"?b/(?P<path>.*?)\"?$", re.MULTILINE)
_GENERATED_NAMES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pipfile.lock",
    }
    | {"cargo.lock", "go.sum", "composer.lock", "gemfile.lock", "mix.lock", "packages.lock.json", "gradle.lockfile"}
)
_GENERATED_ENDS = (".min.js", ".min.css", ".js.map", ".css.map", "_pb2.py", "_pb2.pyi", ".pb.go", ".snap")


@dataclass(frozen=True, kw_only=True)
class FileDiff:
    path: str
    text: str
    shown: int
    """So many characters of it stand in the first message."""

    @property
    def parts(self) -> int:
        return max(1, -(-len(self.text) // PART))

    @property
    def generated(self) -> bool:
        name = PurePosixPath(self.path).name.casefold()
        return name in _GENERATED_NAMES or name.endswith(_GENERATED_ENDS)

    def part(self, number: int) -> str:
        return self.text[(number - 1) * PART : number * PART]

    def unseen(self, read: frozenset[int]) -> tuple[int, ...]:
        """Parts that nobody has seen. Of a generated file one is enough: a program wrote it, and checks build on it."""
        if self.shown >= len(self.text) or (self.generated and read):
            return ()
        return tuple(number for number in range(self.shown // PART + 1, self.parts + 1) if number not in read)


@dataclass(frozen=True, kw_only=True)
class ShownDiff:
    files: tuple[FileDiff, ...]
    left_out: tuple[str, ...] = ()
    """Files that are too large to be read at all; nobody can approve those."""

    @property
    def text(self) -> str:
        cut = [one for one in self.files if one.shown < len(one.text)]
        head = [f"# {len(self.files) + len(self.left_out)} files change."] if cut or self.left_out else []
        head += [f"# {one.path}: {one.shown} of {len(one.text)} characters below; the diff tool has {one.parts} parts of it" for one in cut]
        head += [f"{LEFT_OUT}{path}" for path in self.left_out]
        bodies = [
            one.text[: one.shown] + (f"\n[cut: read {one.path} with the diff tool]\n" if one in cut else "")
            for one in self.files
            if one.shown
        ]
        return "\n".join([*head, "".join(bodies)]) if head else "".join(bodies)


def shown_diff(diff: str, budget: int = BUDGET) -> ShownDiff:
    """Shares are equal; what a small file leaves of its own goes to the larger ones. Generated files are shown where all fits."""
    starts = [found.start() for found in _HEAD.finditer(diff)]
    texts = [diff[start:end] for start, end in pairwise([*starts, len(diff)])]
    before = diff[: starts[0]] if starts else diff
    left_out = tuple(line.removeprefix(LEFT_OUT) for line in before.splitlines() if line.startswith(LEFT_OUT))
    if not starts and before.strip() and not left_out:
        texts = [before]
    files = [FileDiff(path=_path(text), text=text, shown=len(text)) for text in texts]
    if sum(len(one.text) for one in files) <= budget:
        return ShownDiff(files=tuple(files), left_out=left_out)
    shares = _shares([0 if one.generated else len(one.text) for one in files], budget)
    return ShownDiff(
        files=tuple(FileDiff(path=one.path, text=one.text, shown=share) for one, share in zip(files, shares, strict=True)),
        left_out=left_out,
    )


def _shares(sizes: Sequence[int], budget: int) -> list[int]:
    shares = [0] * len(sizes)
    left = budget
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for done, place in enumerate(order):
        shares[place] = min(sizes[place], left // (len(order) - done))
        left -= shares[place]
    return shares


def _path(text: str) -> str:
    """Of the new side; of the old one where the file is gone; of the head where nothing of its content changes."""
    head, _, _ = text.partition("\n@@")
    for pattern in (_NEW_SIDE, _OLD_SIDE, _IN_HEAD):
        if (found := pattern.search(head)) is not None and found["path"] != "/dev/null":
            return found["path"]
    return head.split("\n", 1)[0].removeprefix("diff --git ")
