"""Requests to GitHub's API that one project takes from its label to its merge, counted by the hub; a tick only where something happened."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.row import Row
from tests.world import World, judges, make_world, writes

_ALL, _CREATING = 20, 5


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        world = make_world(Path(place), scenes=(writes("a.txt", "a"), judges()))
        before = _counted(world)
        number = world.open_issue("Add a")
        _from_label_to_merge(world)
        assert world.is_closed(number)
        after = _counted(world)
        world.hub.close()
    asked, created = (int(now - then) for now, then in zip(after, before, strict=True))
    return [
        Row(name="API requests, label to merge", ours=asked, peer=None, unit="", goal=f"≤ {_ALL}", met=asked <= _ALL),
        Row(
            name="content-creating requests, label to merge",
            ours=created,
            peer=None,
            unit="",
            goal=f"≤ {_CREATING}",
            met=created <= _CREATING,
        ),
    ]


def _from_label_to_merge(world: World) -> None:
    """As hints would have it: the label, the run handed in, the checks, the review, the merge."""
    world.tick()
    world.work()
    world.tick()
    world.check()
    world.tick()
    world.work()
    for _ in range(3):
        world.tick()


def _counted(world: World) -> tuple[int, int]:
    """Of the bot alone, answers of 304 left out as GitHub does."""
    row = world.hub.db().execute(
        "select count(*), coalesce(sum(creates_content), 0) from requests where actor in ('worker', 'reviewer') and status != 304"
    )
    asked, created = row.fetchone()
    return int(asked), int(created)
