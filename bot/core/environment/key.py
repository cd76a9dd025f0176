"""What a prepared layer is known by: everything that could make another one of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.environment.facts import Environment, Trust

_VERSION = 1
"""Counts up when layers of an older shape are no longer understood."""


@dataclass(frozen=True, kw_only=True)
class LayerKey:
    """`digest` names the layer in the store; `trust` and `repository` are in it, too, so that no branch can hand its own to the base."""

    digest: str
    trust: Trust
    repository: str


def layer_key(
    environment: Environment, contents: Mapping[str, str], *, system: str, repository: str, trust: Trust, commit: str
) -> LayerKey:
    """Of the default branch, commits with the same files share a layer; a branch's is for its one commit alone.

    `contents` has the text of `environment.files` at the commit; one that is not there counts as absent.
    """
    made_of = {
        "version": _VERSION,
        "repository": repository,
        "trust": trust.value,
        "commit": commit if trust is Trust.BRANCH else None,
        "system": system,
        "setup": environment.setup,
        "packages": environment.packages,
        "network": sorted(environment.network),
        "path": environment.path,
        "variables": dict(sorted(environment.variables.items())),
        "writable": environment.writable,
        "files": {path: _digest(contents[path]) if path in contents else None for path in sorted(environment.files)},
    }
    text = json.dumps(made_of, sort_keys=True, ensure_ascii=False)
    return LayerKey(digest=_digest(text)[:40], trust=trust, repository=repository)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
