"""What looking costs: nothing where nothing happened, and dependencies are asked only of what would start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.core.decisions.effects import StartRun
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.phase import Phase
from bot.flows.snapshot import read_snapshot
from bot.flows.starting import begin
from bot.flows.ticking import dry_run
from tests.world import World, judges, make_world, writes

_SETTLED = timedelta(minutes=3)


def asked(world: World) -> list[tuple[str, int]]:
    """Of GitHub, by the bot and in this tick; 304 is free."""
    last = world.hub.db().execute("select coalesce(max(id), 0) from requests").fetchone()[0]
    world.tick()
    rows = world.hub.db().execute("select path, status from requests where id > ? and actor in ('worker', 'reviewer') order by id", (last,))
    return [(row["path"].removeprefix("/repos/"), row["status"]) for row in rows]


def test_a_tick_where_nothing_happened_is_two_requests_and_both_are_free(tmp_path: Path) -> None:
    """Beside work that was merged, and an issue that waits for another one and was told so in a comment."""
    world = make_world(tmp_path, scenes=(writes("a.txt", "a"), judges()))
    done = world.open_issue("Add a")
    world.settle()
    blocker, waits = world.open_issue("First this", labels=[]), world.open_issue("Add b", labels=[])
    blocker_id = world.api("ann", "GET", f"issues/{blocker}")["id"]
    world.api("ann", "POST", f"issues/{waits}/dependencies/blocked_by", json={"issue_id": blocker_id})
    world.label(waits, "agent:ready")
    world.settle()
    assert world.is_closed(done)
    assert f"#{blocker}" in "".join(world.comments(waits))
    for _ in range(3):
        world.clock.wait(_SETTLED)
        world.tick()

    found = asked(world)

    assert len(found) == 2
    assert {status for _, status in found} == {304}
    world.hub.close()


def test_only_of_what_would_start_is_asked_what_blocks_it(tmp_path: Path) -> None:
    world = make_world(tmp_path, scenes=())
    numbers = [world.open_issue(f"Add {name}") for name in "abcdefgh"]
    blocker = world.open_issue("First this", labels=[])
    blocker_id = world.api("ann", "GET", f"issues/{blocker}")["id"]
    world.api("ann", "POST", f"issues/{numbers[0]}/dependencies/blocked_by", json={"issue_id": blocker_id})
    agents = world.context.policy.agents

    found = asked(world)

    questions = [path for path, _ in found if path.endswith("blocked_by")]
    assert len(questions) == agents + 1
    assert world.ticks[-1].plan.statuses[numbers[0]].phase is Phase.BLOCKED
    assert [one.start.number for one in world.ticks[-1].started] == numbers[1 : agents + 1]
    world.hub.close()


def test_nothing_starts_of_which_nobody_knows_what_blocks_it(tmp_path: Path) -> None:
    world = make_world(tmp_path, scenes=())
    world.open_issue("Add a")
    (start,) = dry_run(world.context).plan.effects
    assert isinstance(start, StartRun)

    answer = begin(world.context, read_snapshot(world.context).snapshot, start)

    assert isinstance(answer, Refused)
    assert "nobody asked yet" in answer.reason
    world.hub.close()
