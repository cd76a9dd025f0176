"""A commit's files as detection wants them: manifests read from git objects, YAML and JSON with comments made plain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

import yaml

from bot.core.environment.detection import wanted_files
from bot.core.environment.facts import Tree
from bot.ports import Code

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
_LARGEST = 1_000_000


def tree_of(code: Code, commit: str) -> Tree:
    return tree_from(code.listing(commit), lambda wanted: code.files(commit, wanted))


def tree_from(paths: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, str]]) -> Tree:
    contents = read(wanted_files(paths))
    parsed = {path: _parsed(path, text) for path, text in contents.items() if path.endswith((".yml", ".yaml", "devcontainer.json"))}
    return Tree(paths=frozenset(paths), contents=contents, parsed={path: data for path, data in parsed.items() if data is not None})


def _parsed(path: str, text: str) -> object:
    """None for what cannot be read; that is somebody else's to complain of."""
    if len(text) > _LARGEST:
        return None
    try:
        if path.endswith(".json"):
            return json.loads(_TRAILING_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text)))
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
