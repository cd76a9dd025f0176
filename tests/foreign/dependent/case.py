"""A published package that needs something installed: where it is to be had, its bug, and what has to be detected of its environment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.foreign.cases import Edit


class Registry(Enum):
    PYPI = "pypi"
    NPM = "npm"
    DEBIAN = "debian"
    """The sources as their authors released them, as Debian keeps them."""


@dataclass(frozen=True, kw_only=True)
class Dependent:
    """`reproduction` is for a shell in the package's root and ends with 0 only where the bug is gone."""

    registry: Registry
    name: str
    version: str
    sha256: str
    """Of the archive as published."""
    why: str
    """What of the environment it is here for."""
    config: str = ""
    """Where its gate is not the one that is detected; its environment always is."""
    title: str
    body: str
    edits: tuple[Edit, ...]
    test_path: str
    test_code: str
    """Appended where the file is there already."""
    commit: str
    reproduction: str
    setup: tuple[str, ...]
    """What has to be detected; words of each command, in order."""
    packages: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
