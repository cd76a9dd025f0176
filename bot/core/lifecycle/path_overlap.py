"""Which files a project will probably touch, so that two agents are not sent into the same ones at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache

from rapidfuzz import fuzz, process

from bot.core.facts.project import PastWork, Project

_WORD = re.compile(r"[\w./-]*\w\.\w+|[\w-]+(?:/[\w.-]+)+/?")
_SIMILAR = 80.0
"""rapidfuzz token-set score of two titles, 0–100, from which one says something about the other's files."""
_MOST_FILES = 20
"""Work that touched more says nothing about where the next will be."""


def named_paths(text: str, listing: frozenset[str]) -> frozenset[str]:
    """Files of `listing` that `text` names, in full or by a file name that only one of them has."""
    words = {word.strip("./") for word in _WORD.findall(text)}
    found = words & listing
    only = _only_ones(listing)
    return frozenset(found | {only[word] for word in words - found if word in only})


@lru_cache(maxsize=2)
def _only_ones(listing: frozenset[str]) -> Mapping[str, str]:
    """From file names that look like one, and that one file alone has, to its path; a long queue asks the same listing for each issue."""
    paths: dict[str, str | None] = {}
    for path in listing:
        name = path.rpartition("/")[2]
        paths[name] = None if name in paths else path
    return {name: path for name, path in paths.items() if path is not None and "." in name}


def may_overlap(project: Project, taken: Set[str], past: Sequence[PastWork]) -> bool:
    """False where its territory has surely none of these files: a quick first sight for a long queue."""
    if any(path in taken for run in project.record.runs for path in run.paths) or any(
        path in taken for work in past for path in work.paths
    ):
        return True
    text = f"{project.issue.title}\n{project.issue.body}"
    return any(path.rpartition("/")[2] in text for path in taken)


def likely_paths(project: Project, listing: frozenset[str], past: Sequence[PastWork]) -> frozenset[str]:
    """What its runs touched, what its issue names, and what the most similar work before it touched."""
    touched = frozenset(path for run in project.record.runs for path in run.paths)
    named = named_paths(f"{project.issue.title}\n{project.issue.body}", listing)
    return touched | named | _by_likeness(project.issue.title, past)


def _by_likeness(title: str, past: Sequence[PastWork]) -> frozenset[str]:
    telling = [work for work in past if len(work.paths) <= _MOST_FILES]
    titles = [work.title.lower() for work in telling]
    best = process.extractOne(title.lower(), titles, scorer=fuzz.token_set_ratio, score_cutoff=_SIMILAR)
    return telling[best[2]].paths if best is not None else frozenset()
