"""Git's objects as bytes: read many in one process with a bound on each, and known by their ids before git has made them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from bot.adapters.git.process import Mirror

LARGEST = 64_000_000
"""Bytes of one object that are read; whoever may push could else fill this machine's memory."""


@dataclass(frozen=True, kw_only=True)
class Found:
    kind: str
    content: bytes | None
    """None where it is larger than anything that the bot itself stores."""


def objects(mirror: Mirror, names: Sequence[str], *, largest: int = LARGEST) -> list[Found | None]:
    """Each by its name, in one process; None where it is not there."""
    if not names:
        return []
    with tempfile.TemporaryFile(dir=mirror.path) as out:  # where the objects are, so that a full /tmp loses no record
        mirror.git("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode(), stdout=out)
        out.seek(0)
        return [_next(out, largest) for _ in names]


def _next(out: IO[bytes], largest: int) -> Found | None:
    head = out.readline().rstrip(b"\n")
    parts = head.rsplit(b" ", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    kind, size = parts[1].decode(), int(parts[2])
    if size > largest:
        out.seek(size + 1, 1)
        return Found(kind=kind, content=None)
    content = out.read(size)
    out.read(1)
    return Found(kind=kind, content=content)


def oid_of(kind: str, content: bytes) -> str:
    """https://git-scm.com/book/en/v2/Git-Internals-Git-Objects"""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False).hexdigest()


def tree_of(files: Mapping[str, str]) -> bytes:
    """The tree object of plain files in one folder, each name with its blob's id."""
    return b"".join(b"100644 %s\0%s" % (name.encode(), bytes.fromhex(oid)) for name, oid in sorted(files.items()))


def files_of(tree: bytes) -> dict[str, str]:
    """The plain files of a tree object, name to blob id; whatever else is in it is left out."""
    found: dict[str, str] = {}
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        if mode == b"100644":
            found[name.decode("utf-8", "replace")] = tree[end + 1 : end + 21].hex()
        at = end + 21
    return found
