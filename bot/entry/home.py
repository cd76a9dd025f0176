"""The folder that a process keeps its mirror in (`--home`): git ignores it by itself, and it knows which processes used it before."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from bot.core.facts.record import Holder

DEFAULT = Path(".groundskeeper")
_PROCESSES = "processes.json"
_KEPT = 10


def ensure_home(home: Path) -> Path:
    """Made where it is not there. Only a folder of our own ignores itself: one that held other things before is left as it is."""
    home.mkdir(parents=True, exist_ok=True)
    ignore = home / ".gitignore"
    if not ignore.exists() and (home.name == DEFAULT.name or not any(home.iterdir())):
        ignore.write_text("*\n", encoding="utf-8")
    return home


def claim_home(home: Path, writer: Holder) -> frozenset[Holder]:
    """Who wrote to GitHub from this home before and is gone for certain; nobody while another process has it.

    The lock is the kernel's: it ends with this process, however that ends, so whoever gets it knows that the former ones are gone.
    """
    descriptor = os.open(ensure_home(home) / _PROCESSES, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return frozenset()
    # Open until this process ends: closing it would give the lock away.
    former = _read(os.pread(descriptor, 1 << 20, 0))
    rows = [{"run": one.run, "nonce": one.nonce} for one in [*former, writer][-_KEPT:]]
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(rows).encode(), 0)
    return frozenset(former)


def _read(text: bytes) -> list[Holder]:
    """What cannot be read, cut off by a full disk say, is nobody: the lock then ends by itself."""
    try:
        rows: Any = json.loads(text or b"[]")
        return [Holder(agent=0, run=str(row["run"]), attempt=1, nonce=str(row["nonce"])) for row in rows]
    except (ValueError, TypeError, KeyError):
        return []
