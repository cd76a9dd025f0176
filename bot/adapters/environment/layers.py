"""Prepared layers on disk: found by their key, made under a lock, bounded in number of bytes and in age."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.adapters.sandbox.furnishing import Layer
from bot.core.environment.key import LayerKey

_FACTS = "layer.json"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    total: int = 20 * 1024**3
    """Bytes of all layers together; the least lately used go first."""
    one: int = 8 * 1024**3
    unused: timedelta = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Kept:
    layer: Layer
    products: tuple[str, ...]
    """Paths in the checkout that setup made, a folder for all in it."""
    seconds: float
    """That making it took."""
    size: int


class TooLarge(Exception):
    """What setup left behind does not fit."""


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Nobody but us may look in: layers can be written by anybody, so that a run's copy of them can be, whoever the sandbox makes it."""

    root: Path
    bounds: Bounds = Bounds()

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)

    @contextlib.contextmanager
    def using(self, key: LayerKey) -> Iterator[None]:
        """What is in use is not swept."""
        with (self.root / f"{key.digest}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield

    @contextlib.contextmanager
    def alone(self, key: LayerKey) -> Iterator[None]:
        """One at a time makes a layer; whoever waited finds it made."""
        with (self.root / f"{key.digest}.making").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def find(self, key: LayerKey) -> Kept | None:
        place = self.root / key.digest
        try:
            facts = json.loads((place / _FACTS).read_text())
        except (OSError, ValueError):
            return None
        if (facts.get("trust"), facts.get("repository")) != (key.trust.value, key.repository):
            return None
        os.utime(place)
        return Kept(layer=_layer(place, facts["beside"]), products=tuple(facts["products"]), seconds=facts["seconds"], size=facts["size"])

    @contextlib.contextmanager
    def making(self, beside: Iterable[str]) -> Iterator[Path]:
        """A folder to make one in; what is not kept by the end of the block is gone."""
        place = Path(tempfile.mkdtemp(prefix="making-", dir=self.root))
        try:
            for folder in (place, *(place / name for name in ("products", "home", *(f"beside-{n}" for n, _ in enumerate(beside))))):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def keep(self, key: LayerKey, place: Path, *, beside: tuple[str, ...], products: tuple[str, ...], seconds: float) -> Kept:
        """Raises `TooLarge`."""
        size = sum(_opened(place / name) for name in ("products", "home", *(f"beside-{n}" for n, _ in enumerate(beside))))
        if size > self.bounds.one:
            raise TooLarge(f"setup left {size // 1024**2} MB behind; {self.bounds.one // 1024**2} MB are the most that is kept")
        facts = {
            "trust": key.trust.value,
            "repository": key.repository,
            "beside": beside,
            "products": products,
            "seconds": seconds,
            "size": size,
        }
        (place / _FACTS).write_text(json.dumps(facts))
        final = self.root / key.digest
        shutil.rmtree(final, ignore_errors=True)
        place.rename(final)
        self.sweep(sparing=key)
        found = self.find(key)
        assert found is not None
        return found

    def sweep(self, *, sparing: LayerKey | None = None) -> tuple[str, ...]:
        """Drops what was not used for long, then the least lately used until the rest fits; the digests that went."""
        aged = sorted(((place.stat().st_mtime, place) for place in self.root.iterdir() if (place / _FACTS).is_file()), reverse=True)
        now, total, gone = time.time(), 0, []
        for used, place in aged:
            size = int(json.loads((place / _FACTS).read_text()).get("size", 0))
            fits = total + size <= self.bounds.total and now - used <= self.bounds.unused.total_seconds()
            if fits or (sparing is not None and place.name == sparing.digest) or not self._dropped(place):
                total += size
            else:
                gone.append(place.name)
        return tuple(gone)

    def _dropped(self, place: Path) -> bool:
        with (self.root / f"{place.name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False  # some run works on it
            shutil.rmtree(place, ignore_errors=True)
            return True


def _layer(place: Path, beside: list[str]) -> Layer:
    return Layer(products=place / "products", home=place / "home", beside={at: place / f"beside-{n}" for n, at in enumerate(beside)})


def _opened(place: Path) -> int:
    """Whoever a later sandbox is may change its own copy; the bytes in it all. Links are left as they are."""
    total = 0
    for _, directories, files, held in os.fwalk(place, follow_symlinks=False):
        for name in (*directories, *files):
            facts = os.stat(name, dir_fd=held, follow_symlinks=False)
            total += facts.st_blocks * 512
            if stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode):
                runs = 0o111 if stat.S_ISDIR(facts.st_mode) or facts.st_mode & 0o111 else 0
                os.chmod(name, 0o666 | runs, dir_fd=held)  # noqa: S103 — below a folder that is ours alone
    if place.is_dir():
        place.chmod(0o777)
    return total


def products_of(checkout: Path, tracked: Iterable[str]) -> tuple[str, ...]:
    """What stands in a checkout beside what the commit put there; a folder with nothing of the commit counts as one."""
    files = frozenset(tracked)
    folders = {parent.as_posix() for path in files for parent in Path(path).parents}
    found: list[str] = []

    def look(folder: Path, below: str) -> None:
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            path = f"{below}{entry.name}"
            if path == ".git" or path in files:
                continue
            if entry.is_dir(follow_symlinks=False) and path in folders:
                look(Path(entry.path), f"{path}/")
            else:
                found.append(path)

    look(checkout, "")
    return tuple(found)


def move(products: Iterable[str], source: Path, target: Path) -> None:
    for path in products:
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source / path, place)
