"""The environment of a repository as data: what prepares it, what may be reached meanwhile, what it is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

WORKSPACE = "/workspace"
"""Where the checkout stands in the sandbox, in every phase; virtual environments hold absolute paths."""
HOME = "/tmp/home"  # noqa: S108 — inside the sandbox
MOST_HOSTS = 100


class Trust(Enum):
    """Whose code a layer was made by. Only what the default branch's own code made is shared between runs."""

    BASE = "base"
    BRANCH = "branch"


@dataclass(frozen=True, kw_only=True)
class Service:
    """Kept running beside each command in its sandbox; `command` stays in the foreground, `ready` exits with 0 once it can be used."""

    name: str
    command: str
    ready: str
    timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`setup` runs with network in this order, each with `bash -c` in the checkout; everything after it runs without."""

    setup: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    """Hosts, `*.example.org` for all below one; presets are resolved already."""
    files: tuple[str, ...] = ()
    """Paths whose contents make the key, so that a layer is made anew when they change."""
    packages: tuple[str, ...] = ()
    """Of Debian, unpacked below the home, since nobody is root in the sandbox."""
    tools: tuple[str, ...] = ()
    """Programs that must be on the path before setup starts."""
    services: tuple[Service, ...] = ()
    path: tuple[str, ...] = ()
    """Directories before the system's; relative ones are of the checkout."""
    variables: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[str, ...] = ()
    """Directories beside checkout and home that setup fills and runs may change their own copy of."""
    sources: tuple[str, ...] = ()
    """Files that it was read off, or the configuration; said to people and to the agent."""
    notes: tuple[str, ...] = ()
    """What was found and could not be used, one sentence each."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to prepare."""
        return not (self.setup or self.packages)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A repository's files as detection reads them. `contents` has manifests and a few tests only, `parsed` those that were YAML."""

    paths: frozenset[str]
    contents: Mapping[str, str]
    parsed: Mapping[str, object] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        return path in self.paths

    def text(self, path: str) -> str:
        return self.contents.get(path, "")
