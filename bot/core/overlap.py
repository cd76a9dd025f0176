"""Which files a project will probably touch, so that two agents are not sent into the same ones at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from rapidfuzz import fuzz

from bot.core.project import PastWork, Project

_WORD = re.compile(r"[\w./-]*\w\.\w+|[\w-]+(?:/[\w.-]+)+/?")
_SIMILAR = 80.0
"""rapidfuzz token-set score of two titles, 0–100, from which one says something about the other's files."""
_MOST_FILES = 20
"""Work that touched more says nothing about where the next will be."""


def named_paths(text: str, listing: Set[str]) -> frozenset[str]:
    """Files of `listing` that `text` names, in full or by a file name that only one of them has."""
    words = {word.strip("./") for word in _WORD.findall(text)}
    found = set(words & listing)
    loose = {word for word in words - found if "/" not in word and "." in word}
    if loose:
        by_name: dict[str, list[str]] = {}
        for path in listing:
            name = path.rpartition("/")[2]
            if name in loose:
                by_name.setdefault(name, []).append(path)
        found |= {paths[0] for paths in by_name.values() if len(paths) == 1}
    return frozenset(found)


def territory(project: Project, listing: Set[str], past: Iterable[PastWork]) -> frozenset[str]:
    """What its runs touched, what its issue names, and what the most similar work before it touched."""
    touched = frozenset(path for run in project.record.runs for path in run.paths)
    named = named_paths(f"{project.issue.title}\n{project.issue.body}", listing)
    return touched | named | _by_likeness(project.issue.title, past)


def _by_likeness(title: str, past: Iterable[PastWork]) -> frozenset[str]:
    scored = [(fuzz.token_set_ratio(title.lower(), work.title.lower()), work.paths) for work in past if len(work.paths) <= _MOST_FILES]
    best, paths = max(scored, key=lambda pair: pair[0], default=(0.0, frozenset[str]()))
    return paths if best >= _SIMILAR else frozenset()
