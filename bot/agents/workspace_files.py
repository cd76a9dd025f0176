"""Reads and writes files of a workspace whose content is hostile: never through a symbolic link, never outside, never a device."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_MOST = 4_000_000
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SHOWN_AS = PurePosixPath("/workspace")


class Unreadable(Exception):
    """Why a path cannot be used, in words for the one who gave it."""


def _parts(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    if pure.is_absolute():
        if not pure.is_relative_to(_SHOWN_AS):
            raise Unreadable(f"path: {path} is outside the workspace; give it relative to the repository.")
        pure = pure.relative_to(_SHOWN_AS)
    if not pure.parts or ".." in pure.parts or "\0" in path:
        raise Unreadable(f"path: {path!r} is no file inside the workspace.")
    return pure.parts


@contextmanager
def _parent(root: Path, path: str, *, make: bool) -> Iterator[tuple[int, str, os.stat_result]]:
    """Walks down one directory at a time, so that no link anywhere on the way is followed, not even one put there meanwhile."""
    *above, name = _parts(path)
    held = os.open(root, _DIRECTORY)
    try:
        owner = os.fstat(held)
        for part in above:
            if make:
                _make_directory(held, part, owner)
            below = os.open(part, _DIRECTORY, dir_fd=held)
            os.close(held)
            held = below
        yield held, name, owner
    except FileNotFoundError:
        raise Unreadable(f"path: there is no {path}.") from None
    except OSError as error:
        raise Unreadable(f"path: {path} cannot be used ({os.strerror(error.errno or 0)}); links are not followed.") from None
    finally:
        os.close(held)


def _make_directory(held: int, part: str, owner: os.stat_result) -> None:
    try:
        os.mkdir(part, 0o755, dir_fd=held)
    except FileExistsError:
        return
    if os.geteuid() == 0:
        os.chown(part, owner.st_uid, owner.st_gid, dir_fd=held, follow_symlinks=False)


def read_bytes(root: Path, path: str, *, most: int = _MOST) -> bytes:
    with _parent(root, path, make=False) as (held, name, _):
        # O_NONBLOCK, or opening a named pipe would wait for a writer that never comes.
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=held)
        with os.fdopen(found, "rb") as file:
            facts = os.fstat(found)
            if not stat.S_ISREG(facts.st_mode):
                raise Unreadable(f"path: {path} is no regular file.")
            content = file.read(most + 1)
    if len(content) > most:
        raise Unreadable(f"path: {path} is larger than {most:,} bytes.")
    return content


def read_text(root: Path, path: str) -> str:
    try:
        return read_bytes(root, path).decode()
    except UnicodeDecodeError:
        raise Unreadable(f"path: {path} is not UTF-8 text.") from None


def write_text(root: Path, path: str, text: str) -> None:
    with _parent(root, path, make=True) as (held, name, owner):
        there = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644, dir_fd=held)
        with os.fdopen(there, "wb") as file:
            facts = os.fstat(there)
            if not stat.S_ISREG(facts.st_mode):
                raise Unreadable(f"path: {path} is no regular file.")
            if os.geteuid() == 0 and facts.st_uid != owner.st_uid:
                # Made by root for a sandbox that works under another uid, which must be able to change it again.
                os.fchown(there, owner.st_uid, owner.st_gid)
            file.truncate(0)
            file.write(text.encode())
