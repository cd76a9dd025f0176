"""Takes keys out of this process's environment once they were read, so that nothing it starts, and nobody who looks at it, finds them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

KEYS = (
    "ANTHROPIC_API_KEY",
    *(f"GROUNDSKEEPER_{who}_{part}" for who in ("WORKER", "REVIEWER") for part in ("TOKEN", "PRIVATE_KEY")),
    "GROUNDSKEEPER_BOARD_TOKEN",
    "GROUNDSKEEPER_WEBHOOK_SECRET",
    "GROUNDSKEEPER_WEBHOOK_SECRET_BEFORE",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


def forget_keys(names: Iterable[str] = KEYS) -> None:
    """To be called when all that needs them has been made. Without the writing over them they would stay in `/proc/<pid>/environ`."""
    for name in names:
        if name in os.environ:
            _overwrite(name)
            del os.environ[name]


def _overwrite(name: str) -> None:
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    if place := libc.getenv(name.encode()):
        ctypes.memset(place, 0, len(ctypes.string_at(place)))
