"""Where `make independent` puts what it installs."""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / ".cache" / "independent"
NODE = HOME / "python" / "bin" / "node"
"""From PyPI, since the machine's own may be too old."""
ACT = HOME / "python" / "bin" / "act"
