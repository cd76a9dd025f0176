"""Fetching a published source distribution, exactly the pinned one, without running any of its code."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

import httpx

from tests.foreign.cases import Case

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "sdists"


class Unreachable(Exception):
    """The package index cannot be asked, or has no such file."""


class NotAsPinned(Exception):
    """The index gave another file than the one that was looked at when the case was written."""


def unpack(case: Case, into: Path) -> Path:
    """The package's files become the folder `into`, which must not exist yet. Raises `Unreachable` and `NotAsPinned`."""
    archive = sdist(case)
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as scratch:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        (root,) = Path(scratch).iterdir()
        root.rename(into)
    return into


def sdist(case: Case, cache: Path = CACHE) -> Path:
    """Kept between runs, and looked at again each time."""
    kept = cache / f"{case.name}-{case.version}.tar.gz"
    if not kept.exists():
        _keep(_download(_address(case)), kept, case)
    _must_be(case, kept.read_bytes(), str(kept))
    return kept


def _keep(content: bytes, place: Path, case: Case) -> None:
    _must_be(case, content, "what the index gave")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
        part.write(content)
    Path(part.name).replace(place)  # whole or not at all, for runs beside this one


def _must_be(case: Case, content: bytes, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != case.sha256:
        raise NotAsPinned(f"{case.name} {case.version}: {what} has sha256 {found}, expected {case.sha256}")


def _address(case: Case) -> str:
    """Asked of the installer that made this environment, so that its index, mirror or proxy is ours too. Locking builds nothing:
    each of the packages has a wheel as well, whose metadata is read instead."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise Unreachable("uv is not installed, which knows where packages are")
    asked = subprocess.run(
        [uv, "pip", "compile", "--quiet", "--no-deps", "--python", sys.executable, "--format", "pylock.toml", "-"],
        input=f"{case.name}=={case.version}",
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise Unreachable(f"{case.name} {case.version} was not found: {' '.join(asked.stderr.split())[:300]}")
    (package,) = tomllib.loads(asked.stdout)["packages"]
    if "sdist" not in package:
        raise Unreachable(f"the index has no source distribution of {case.name} {case.version}")
    return str(package["sdist"]["url"])


def _download(address: str) -> bytes:
    """With the certificates of this machine, which may know a proxy that the bundled ones do not."""
    try:
        answer = httpx.get(address, verify=ssl.create_default_context(), follow_redirects=True, timeout=30)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unreachable(f"{address}: {error}") from error
    return answer.content
