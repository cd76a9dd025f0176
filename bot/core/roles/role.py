"""What an agent is for."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    EXECUTION = "execution"
    REVIEW = "review"
    IDEATION = "ideation"
    VALIDATION = "validation"
    """The review role looking at a proposal instead of a pull request."""
    WRITER = "writer"
    """No agent: the process that writes to GitHub's API what plans and runs came to."""
