"""The phases that a project goes through, and every allowed change between them with its reason."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    PROPOSED = "proposed"
    READY = "ready"
    WORKING = "working"
    REVIEWING = "reviewing"
    REWORK = "rework"
    APPROVED = "approved"
    MERGING = "merging"
    DONE = "done"
    BLOCKED = "blocked"
    PAUSED = "paused"
    NEEDS_HUMAN = "needs-human"
    CANCELLED = "cancelled"
