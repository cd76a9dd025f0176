"""Paths that only a person may change: what CI, reviewers, agents and machines take orders from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

_NAMES = frozenset(
    {"CODEOWNERS", "AGENTS.md", "CLAUDE.md", "GEMINI.md", ".mcp.json", ".npmrc", ".pypirc", ".netrc", "id_rsa", "id_ed25519", "credentials"}
)
_HARMLESS_DOTS = frozenset({".gitignore", ".gitattributes", ".editorconfig", ".dockerignore"})
_SECRET_SUFFIXES = (".pem", ".key", ".p12", ".pfx")


def protected(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` that go to a person, in order: dot-directories, trust manifests, env files, keys."""
    return tuple(sorted(path for path in set(paths) if _guarded(PurePosixPath(path))))


def _guarded(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[:-1])
    dotfile = path.name.startswith(".") and path.name not in _HARMLESS_DOTS
    return hidden or dotfile or path.name in _NAMES or path.suffix in _SECRET_SUFFIXES
