"""Who did something, and when, as GitHub's JSON has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def login_of(actor: Any) -> str:
    """REST's spelling: GraphQL leaves out the `[bot]` of an app's login; a deleted account has no actor at all."""
    if actor is None:
        return "ghost"
    login: str = actor["login"]
    return f"{login}[bot]" if actor["__typename"] == "Bot" and not login.endswith("[bot]") else login
