"""Where what was installed for a checkout is kept between tries: apart for each, since its setup is that checkout's own code."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

_UNUSED = timedelta(days=14)


def layers_of(root: Path) -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/: it may be deleted at any time. Those of checkouts that nobody tried
    for long go."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groundskeeper" / "tries"
    own = cache / f"{root.name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.utime(own)
    for other in cache.iterdir():
        if time.time() - other.stat().st_mtime > _UNUSED.total_seconds():
            shutil.rmtree(other, ignore_errors=True)
    return own / "layers"
