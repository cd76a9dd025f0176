"""Pausing one agent, or one category, while all else goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.scripted import Scene, Step
from bot.core.errors.user_errors import UserError
from bot.core.facts.project import Pausable
from bot.core.facts.record import Run
from bot.core.ideas.ideation import Ideate, next_idea
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request
from bot.core.runs.run import Ending
from bot.flows import stop_start
from bot.flows.snapshot import read_snapshot
from tests.world import World, judges, make_world, step

TWO = "agents: 2\ngates: {test: 'true'}\nideation: {enabled: %s}\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path, config=TWO % "false")


def test_a_paused_agent_ends_its_run_and_another_one_goes_on_from_its_checkpoint(world: World) -> None:
    def pause(_: Request) -> Step:
        assert stop_start.pause(world.context, Pausable.AGENT, "1", by="ann", reason="it loops") == "Paused agent 1: it loops"
        world.clock.wait(timedelta(seconds=6))
        return step("bash", command="echo more")

    first = step("bash", command="echo half > half.txt")
    world.model.add(Scene(role=Role.EXECUTION, steps=(first, pause, step("finish", report="Whole"))), judges())
    number = world.open_issue("Add a")
    world.tick()
    (run,) = world.work()

    assert isinstance(run, Run)
    assert (run.agent, run.ending, run.note) == (1, Ending.STOPPED, "Agent 1 was paused by ann: it loops")
    world.settle()
    assert world.is_closed(number)
    assert {later.agent for later in world.record(number).runs[1:]} == {2}
    assert "half.txt" in world.git("ls-tree", "--name-only", "main").split()


def test_where_every_agent_is_paused_people_see_it_and_by_whom(world: World) -> None:
    for agent in ("1", "2"):
        stop_start.pause(world.context, Pausable.AGENT, agent, by="ann", reason="holidays")
    number = world.open_issue("Add a")

    done = world.tick()

    assert not done.started
    assert (
        done.plan.statuses[number].reason
        == "queued; waits for a free agent, 0 before it, agent 1 is paused by ann, agent 2 is paused by ann"
    )
    assert stop_start.pause(world.context, Pausable.AGENT, "2", by="bea", reason="x") == "agent 2 was paused already, by ann: holidays"
    assert stop_start.resume(world.context, Pausable.AGENT, "2", by="bea") == "agent 2 goes on."
    assert [started.holder.agent for started in world.tick().started] == [2]


def test_nothing_is_proposed_in_a_paused_category(tmp_path: Path) -> None:
    world = make_world(tmp_path, config=TWO % "true")

    def proposed() -> str:
        idea = next_idea(read_snapshot(world.context).snapshot, world.context.policy, world.clock.now())
        assert isinstance(idea, Ideate)
        return idea.category.name

    first = proposed()
    stop_start.pause(world.context, Pausable.CATEGORY, first, by="ann", reason="enough of these")
    assert proposed() != first
    stop_start.resume(world.context, Pausable.CATEGORY, first, by="ann")
    assert proposed() == first


def test_pauses_outlive_a_stop_and_a_stop_outlives_pauses(world: World) -> None:
    stop_start.pause(world.context, Pausable.AGENT, "2", by="ann", reason="loops")
    stop_start.stop(world.context, by="bea", reason="bill")
    stop_start.resume(world.context, Pausable.AGENT, "2", by="ann")
    stop_start.pause(world.context, Pausable.AGENT, "1", by="ann", reason="loops")
    state = world.another_process("other").refs.read()

    assert state.stop is not None
    assert (state.stop.by, state.stop.reason) == ("bea", "bill")
    assert [(pause.what, pause.name) for pause in state.pauses] == [(Pausable.AGENT, "1")]
    assert stop_start.start(world.context, by="bea").endswith("Still paused: agent 1.")
    assert world.refs().stop is None


@pytest.mark.parametrize(
    ("what", "name", "words"),
    [
        (Pausable.AGENT, "3", "There is no agent `3` here; there is: 1, 2"),
        (Pausable.AGENT, "one", "There is no agent `one` here"),
        (Pausable.CATEGORY, "secruity", "did you mean `"),
    ],
)
def test_what_is_not_there_cannot_be_paused(world: World, what: Pausable, name: str, words: str) -> None:
    before = world.git("for-each-ref")

    with pytest.raises(UserError, match=words):
        stop_start.pause(world.context, what, name, by="ann", reason="x")
    assert world.git("for-each-ref") == before
