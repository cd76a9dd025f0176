"""What a person can put right, told apart from what is ours."""

from __future__ import annotations


class UserError(Exception):
    """Something a person can put right: names the place, what was expected and the remedy. Shown as it is."""
