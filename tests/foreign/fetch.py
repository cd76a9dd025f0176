"""Fetching what somebody published, exactly the pinned one, without running any of its code."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx

_PATIENCE = timedelta(minutes=2)
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "sdists"


class Unreachable(Exception):
    """The package index cannot be asked, or has no such file."""


class NotAsPinned(Exception):
    """The index gave another file than the one that was looked at when the case was written."""


class Pinned(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def unpack(archive: Path, into: Path) -> Path:
    """The package's files become the folder `into`, which must not exist yet."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as scratch:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        (root,) = Path(scratch).iterdir()
        root.rename(into)
    return into


def texts(tree: Path) -> dict[str, str]:
    """Pictures and the like are left out: no test reads them."""
    found = {}
    for path in tree.rglob("*"):
        if path.is_file():
            try:
                found[str(path.relative_to(tree))] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def sdist(one: Pinned, cache: Path = CACHE) -> Path:
    return archive(one, _on_pypi, cache)


def npm_package(one: Pinned) -> Path:
    return archive(one, _on_npm)


def debian_source(one: Pinned) -> Path:
    return archive(one, _on_debian)


def archive(one: Pinned, address: Callable[[Pinned], str], cache: Path = CACHE) -> Path:
    """Kept between runs, and looked at again each time. Raises `Unreachable` and `NotAsPinned`."""
    kept = cache / f"{one.name}-{one.version}.tar.gz"
    if not kept.exists():
        _keep(_download(address(one)), kept, one)
    _must_be(one, kept.read_bytes(), str(kept))
    return kept


def _keep(content: bytes, place: Path, one: Pinned) -> None:
    _must_be(one, content, "what the index gave")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
        part.write(content)
    Path(part.name).replace(place)  # whole or not at all, for runs beside this one


def _must_be(one: Pinned, content: bytes, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != one.sha256:
        raise NotAsPinned(f"{one.name} {one.version}: {what} has sha256 {found}, expected {one.sha256}")


def _on_pypi(one: Pinned) -> str:
    """Asked of the installer that made this environment, so that its index, mirror or proxy is ours too. Locking builds nothing:
    each of the packages has a wheel as well, whose metadata is read instead."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise Unreachable("uv is not installed, which knows where packages are")
    said = _asked(one, [uv, "pip", "compile", "--quiet", "--no-deps", "--python", sys.executable, "--format", "pylock.toml", "-"])
    (package,) = tomllib.loads(said)["packages"]
    if "sdist" not in package:
        raise Unreachable(f"the index has no source distribution of {one.name} {one.version}")
    return str(package["sdist"]["url"])


def _on_npm(one: Pinned) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise Unreachable("npm is not installed")
    return _asked(one, [npm, "view", f"{one.name}@{one.version}", "dist.tarball"]).strip()


def _on_debian(one: Pinned) -> str:
    """https://www.debian.org/doc/debian-policy/ch-controlfields.html#files: libraries are kept by the first four letters."""
    folder = one.name[:4] if one.name.startswith("lib") else one.name[0]
    return f"https://deb.debian.org/debian/pool/main/{folder}/{one.name}/{one.name}_{one.version}.orig.tar.gz"


def _asked(one: Pinned, command: list[str]) -> str:
    """Of the installer, which is told the package on its standard input if it reads that."""
    try:
        asked = subprocess.run(
            command, input=f"{one.name}=={one.version}", capture_output=True, text=True, check=False, timeout=_PATIENCE.total_seconds()
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{one.name} {one.version} was not found within {_PATIENCE}") from None
    if asked.returncode != 0:
        raise Unreachable(f"{one.name} {one.version} was not found: {' '.join(asked.stderr.split())[:300]}")
    return asked.stdout


def _download(address: str) -> bytes:
    """With the certificates of this machine, which may know a proxy that the bundled ones do not."""
    try:
        answer = httpx.get(address, verify=ssl.create_default_context(), follow_redirects=True, timeout=30)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unreachable(f"{address}: {error}") from error
    return answer.content
