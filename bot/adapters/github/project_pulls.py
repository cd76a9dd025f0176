"""Which pull request from a project's branch is the project's own, and which are somebody else's."""

from __future__ import annotations

from typing import Any

from bot.adapters.github.actors import login_of
from bot.core.facts.project import ForeignPull


def is_own(node: Any, worker: str, default_branch: str | None) -> bool:
    """Whether a pull request is its project's: opened by the bot, or merged by whomever, into the default branch."""
    into_default = default_branch is None or node["baseRefName"] == default_branch
    return not node["isCrossRepository"] and into_default and (login_of(node["author"]) == worker or node["state"] == "MERGED")


def foreign_pulls(nodes: Any, worker: str, default_branch: str | None) -> tuple[ForeignPull, ...]:
    """A stranger's, from a fork whose branch has the same name, concerns nobody."""
    return tuple(
        ForeignPull(number=node["number"], author=login_of(node["author"]), base=node["baseRefName"])
        for node in nodes
        if node["state"] == "OPEN" and not node["isCrossRepository"] and not is_own(node, worker, default_branch)
    )
