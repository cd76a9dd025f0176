"""What is left to decide on where some of the bot's refs do not prove themselves."""

from __future__ import annotations

from dataclasses import replace

from bot.core.facts.project import Snapshot


def without_damaged(snapshot: Snapshot) -> Snapshot:
    """A project whose ref does not prove itself is shown as such, and not touched."""
    if not snapshot.damage:
        return snapshot
    broken = {one.number for one in snapshot.damage}
    return replace(
        snapshot,
        projects=tuple(project for project in snapshot.projects if project.number not in broken),
        mentions=tuple(mention for mention in snapshot.mentions if mention.on not in broken),
    )
