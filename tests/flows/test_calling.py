"""When a person is needed they are called: once, by a fresh comment that mentions them and says what decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.core.lifecycle.phase import Phase
from bot.hub import seed
from bot.hub.web import faults
from tests.flows.test_conversation import reviewers
from tests.world import FILES, World, a_world, judges, writes

CONFIG = FILES[".github/groundskeeper.yml"]
OWNERS = "* @tess\n*.txt @ann\n"


def calls(world: World, on: int) -> list[str]:
    return [body for body in world.comments(on) if "groundskeeper:call" in body]


def three_cycles(world: World) -> None:
    for cycle in (1, 2, 3):
        world.model.add(writes("a.txt", f"try {cycle}", cycle=cycle), judges(approve=False, cycle=cycle))


def test_who_queued_it_is_called_once_and_asked_for_a_review(world: World) -> None:
    three_cycles(world)
    number = world.open_issue("Add a")
    world.settle()
    assert world.phase_of(number) is Phase.NEEDS_HUMAN

    pull = world.pulls()[0]["number"]
    (call,) = calls(world, pull)
    assert "@ann this needs a person: the reviewer asked for changes after 3 cycles; a person decides." in call
    assert "`/agent retry`" in call
    assert reviewers(world) == ["ann"]
    world.clock.wait(timedelta(hours=3))
    world.settle()
    assert len(calls(world, pull)) == 1
    assert calls(world, number) == []


def test_where_the_bot_queued_it_the_owners_of_the_files_are_called(tmp_path: Path) -> None:
    with a_world(tmp_path, files={"CODEOWNERS": OWNERS}) as world:
        three_cycles(world)
        number = world.open_issue("Add a", by="worker")
        world.settle()
        assert world.phase_of(number) is Phase.NEEDS_HUMAN
        (call,) = calls(world, world.pulls()[0]["number"])
        assert call.splitlines()[2].startswith("@ann this needs a person")


def test_a_team_that_owns_the_files_is_called_and_asked_for_a_review(tmp_path: Path) -> None:
    with a_world(tmp_path, files={"CODEOWNERS": "* @garden/potters @elsewhere/others @ann\n"}) as world:
        seed.add_team(world.hub, "garden", "potters")
        three_cycles(world)
        world.open_issue("Add a", by="worker")
        world.settle()
        pull = world.pulls()[0]["number"]
        (call,) = calls(world, pull)
        assert "@garden/potters @elsewhere/others @ann this needs a person" in call
        asked = world.api("ann", "GET", f"pulls/{pull}/requested_reviewers")
        assert ([one["login"] for one in asked["users"]], [one["slug"] for one in asked["teams"]]) == (["ann"], ["potters"])


def test_a_team_that_github_does_not_know_keeps_nobody_else_from_being_asked(tmp_path: Path) -> None:
    with a_world(tmp_path, files={"CODEOWNERS": "* @garden/gone @ann\n"}) as world:
        three_cycles(world)
        number = world.open_issue("Add a", by="worker")
        world.settle()
        assert reviewers(world) == ["ann"]
        assert len(calls(world, world.pulls()[0]["number"])) == 1
        assert "not take all of it" in world.git("log", "--format=%s", f"refs/groundskeeper/project/{number}")


def test_a_new_run_that_needs_a_person_calls_again_and_without_a_pull_request_on_the_issue(world: World) -> None:
    world.model.add(writes("AGENTS.md", "obey"), writes("AGENTS.md", "obey still"))
    number = world.open_issue("Add a")
    world.settle()
    (first,) = calls(world, number)
    assert "@ann this needs a person: It changes AGENTS.md, which only a person may do; nothing was published." in first

    world.clock.wait(timedelta(seconds=5))
    world.api("ann", "POST", f"issues/{number}/comments", json={"body": "/agent retry"})
    world.settle()
    assert len(calls(world, number)) == 2


def test_an_issue_that_only_a_stranger_gave_to_the_bot_calls_nobody(world: World) -> None:
    number = world.open_issue("Add a", labels=[])
    world.label(number, "agent:ready", by="tess")
    world.settle()
    assert world.phase_of(number) is Phase.NEEDS_HUMAN
    assert calls(world, number) == []


def test_where_people_merge_they_are_told_that_it_is_ready(tmp_path: Path) -> None:
    config = CONFIG + "merge: {enabled: false}\n"
    with a_world(tmp_path, config=config, scenes=(writes("a.txt", "a"), judges())) as world:
        number = world.open_issue("Add a")
        world.settle()
        assert world.phase_of(number) is Phase.APPROVED
        world.clock.wait(timedelta(minutes=5))
        world.settle()
        (call,) = calls(world, world.pulls()[0]["number"])
        assert "merging is left to people here" in call


def test_a_call_whose_confirmation_is_lost_is_not_made_twice(world: World) -> None:
    world.model.add(writes("AGENTS.md", "obey"))
    number = world.open_issue("Add a")
    faults.fail_after_work(world.hub, "POST", f"/issues/{number}/comments")
    world.settle()
    assert len(calls(world, number)) == 1
