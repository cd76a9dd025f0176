"""One line of the benchmark's table: what we measured, what it is measured against in the same run, and the goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    ours: float
    peer: float | None
    """The same measured on the peer or floor; None where there is none."""
    unit: str
    goal: str
    met: bool

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None
