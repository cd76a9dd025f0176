"""A repository's own words to whoever works in it: which files hold them, and how much of them a brief carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROOT = (
    "AGENTS.md",
    "CLAUDE.md",
    ".github/copilot-instructions.md",
    "CONTRIBUTING.md",
    "CONTRIBUTING",
    "CONTRIBUTING.rst",
    ".github/CONTRIBUTING.md",
    "docs/CONTRIBUTING.md",
)
"""In full, in this order, as far as the bound goes."""
_NESTED = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
_MOST_NAMED = 20
_LONGEST = 16_000
"""Characters of all of them together: a few thousand tokens that each request of a run carries."""
_POINTERS = 200
"""A file this short that names another one of these only points there."""


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """One such file at the base commit; `text` is None where the brief only says that it is there."""

    path: str
    text: str | None = None


def guidance_paths(listing: Iterable[str]) -> tuple[str, ...]:
    """Those at the root first, then those of directories, which hold for what is below them."""
    there = set(listing)
    root = tuple(path for path in ROOT if path in there)
    nested = sorted(path for path in there - set(ROOT) if path.rpartition("/")[2] in _NESTED)
    return (*root, *nested[:_MOST_NAMED])


def guidance_of(paths: Iterable[str], contents: Mapping[str, str]) -> tuple[Guidance, ...]:
    """The same text is carried once, and what does not fit is cut with a word on where the rest is."""
    found: list[Guidance] = []
    left, seen = _LONGEST, set[str]()
    for path in paths:
        text = contents.get(path, "").strip()
        if path not in ROOT or not text or text in seen or _only_points(text) or not left:
            found.append(Guidance(path=path))
            continue
        seen.add(text)
        kept = text if len(text) <= left else f"{text[:left]}\n[cut here; the rest is in {path}]"
        left = max(0, left - len(text))
        found.append(Guidance(path=path, text=kept))
    return tuple(found)


def _only_points(text: str) -> bool:
    return len(text) <= _POINTERS and any(path in text for path in ROOT)
