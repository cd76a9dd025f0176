"""Interpreters and compilers of this machine beside its system's: which of them the sandbox may see, and nothing else of anybody's home."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_SDKS = (
    *(".pyenv/versions", ".rustup/toolchains", ".cargo/bin", ".nvm/versions", ".sdkman/candidates", ".volta/tools", ".asdf/installs"),
    *(".local/share/mise/installs", ".local/share/fnm", ".deno/bin", ".bun/bin", ".dotnet", ".rbenv/versions", ".ghcup/bin", ".ghcup/ghc"),
)
"""Below a home: folders that hold programs only. Credentials of the same tools lie beside them (`~/.cargo/credentials.toml`)."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
_SHOWN_WHOLE = ("/opt", "/nix/store", "/snap", "/home/linuxbrew/.linuxbrew")


@dataclass(frozen=True, kw_only=True)
class Toolchains:
    """`shown` are bound read-only at their own place; `path` are folders of programs in them, in the order of this machine's path."""

    shown: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    variables: Mapping[str, str]
    hidden: tuple[str, ...] = ()
    """Folders in what is shown that seem empty: the bot's own packages, where it has no virtual environment of its own."""


def of_this_machine(environment: Mapping[str, str] = os.environ) -> Toolchains:
    home = Path(environment.get("HOME") or Path.home())
    found = dict.fromkeys(place for place in _found(environment, home) if place[1].is_dir())
    variables = {"RUSTUP_HOME": str(home / ".rustup")} if (home / ".rustup/toolchains").is_dir() else {}
    settings = [str(home / ".rustup/settings.toml")] if variables and (home / ".rustup/settings.toml").is_file() else []
    shown = dict.fromkeys([*(str(root) for root, _ in found), *([str(home / ".rustup/toolchains")] if variables else []), *settings])
    return Toolchains(
        shown=tuple(one for one in shown if not any(one != other and Path(one).is_relative_to(other) for other in shown)),
        path=tuple(dict.fromkeys(str(programs) for _, programs in found)),
        variables=variables,
        hidden=tuple(_own_packages()),
    )


def _own_packages() -> Iterator[str]:
    if sys.prefix != sys.base_prefix:
        return
    for name in ("purelib", "platlib"):
        place = Path(sysconfig.get_path(name)).resolve()
        if place.is_dir() and not place.is_relative_to("/usr/lib"):
            yield str(place)


def _found(environment: Mapping[str, str], home: Path) -> Iterator[tuple[Path, Path]]:
    """The folder to show, and the one of its programs."""
    caches = [Path(environment[name]) for name in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY") if environment.get(name)]
    own = Path(sys.prefix)
    for named in environment.get("PATH", "").split(os.pathsep):
        place = Path(named)
        if not place.is_absolute() or place.is_relative_to(own) or any(place.is_relative_to(one) for one in _SYSTEM):
            continue
        if place == home / ".pyenv/shims":
            continue  # scripts that need pyenv itself; the versions are below
        root = _root(place, caches, home)
        if root is not None:
            yield root, place
    base = Path(sys.base_prefix).resolve()
    if not any(base.is_relative_to(one) for one in _SYSTEM):
        yield base, base / "bin"
    versions = sorted((home / ".pyenv/versions").glob("3.*"), key=_version, reverse=True) if (home / ".pyenv/versions").is_dir() else []
    for version in versions:
        yield version, version / "bin"


def _root(place: Path, caches: list[Path], home: Path) -> Path | None:
    for cache in caches:
        if place.is_relative_to(cache):
            return cache.joinpath(*place.relative_to(cache).parts[:3])  # <tool>/<version>/<architecture>
    for sdk in _SDKS:
        if place.is_relative_to(home / sdk):
            return home / sdk
    for whole in _SHOWN_WHOLE:
        if place.is_relative_to(whole) and not place.is_relative_to(home):
            return Path(whole).joinpath(*place.relative_to(whole).parts[:1])
    return None


def _version(place: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", place.name))
