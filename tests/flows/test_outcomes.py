"""What becomes of what an agent hands in: its title, its giving up, and what it is told when it works on it again."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.scripted import Scene, Step, step
from bot.core.facts.record import Run
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, TextBlock
from bot.core.runs.run import Ending
from bot.flows.publishing import publish
from bot.flows.running import carry_out
from tests.world import World, judges, writes

_WRITE = step("bash", command="printf a > a.txt && git add -A && git commit -qm 'fix: write it'")


def _finishes(**more: object) -> Scene:
    return Scene(role=Role.EXECUTION, steps=(_WRITE, step("finish", report="Did it", **more)))


def test_pull_request_and_squash_commit_have_the_title_that_the_agent_gave(world: World) -> None:
    world.model.add(_finishes(title="Write file a"), judges())
    world.open_issue("There is no file a!!")

    world.settle()

    assert world.pulls()[0]["title"] == "Write file a"
    assert world.git("log", "-1", "--format=%s", "main") == "Write file a (#2)"


def test_a_title_that_somebody_gave_the_pull_request_is_kept(world: World) -> None:
    world.model.add(_finishes(title="Write file a"), judges())
    world.open_issue("There is no file a!!")
    world.tick()
    world.work()
    world.tick()
    world.api("ann", "PATCH", "pulls/2", json={"title": "Write the file that everybody misses"})

    world.settle()

    assert world.git("log", "-1", "--format=%s", "main") == "Write the file that everybody misses (#2)"


def test_without_a_title_it_is_the_issues_which_names_nobody_and_closes_nothing(world: World) -> None:
    world.model.add(_finishes(), judges())
    world.open_issue("Closes #7 for @eve")

    world.settle()

    assert world.git("log", "-1", "--format=%s", "main") == "Closes #\u200b7 for @\u200beve (#2)"


def test_the_agent_is_told_how_subjects_are_worded_here(world: World) -> None:
    told: list[str] = []

    def listen(request: Request) -> Step:
        told.append("".join(block.text for message in request.messages for block in message.blocks if isinstance(block, TextBlock)))
        return _WRITE

    world.model.add(Scene(role=Role.EXECUTION, steps=(listen, step("finish", report="x"))), judges())
    world.open_issue("Add a")
    world.settle()

    assert "Titles here: a plain sentence; imperative" in told[0]


def test_who_gives_up_is_not_asked_again_and_a_person_is_told_why(world: World) -> None:
    world.model.add(Scene(role=Role.EXECUTION, steps=(step("finish", report="The file is generated elsewhere.", give_up=True),)))
    number = world.open_issue("Add a")

    for _ in range(4):
        world.tick()
        world.work()
        world.clock.wait(timedelta(minutes=1))

    assert len(world.record(number).runs) == 1
    assert world.phase_of(number) is Phase.NEEDS_HUMAN
    assert "The agent gave up: The file is generated elsewhere." in world.comments(number)[0]


def test_what_a_failed_check_said_is_told_once(world: World) -> None:
    told: list[str] = []

    def listen(request: Request) -> Step:
        told.append("".join(block.text for message in request.messages for block in message.blocks if isinstance(block, TextBlock)))
        return step("bash", command="printf right > a.txt && git commit -qam 'Mend it'")

    mends = Scene(role=Role.EXECUTION, cycle=2, steps=(listen, step("finish", report="Mended")))
    world.model.add(writes("a.txt", "wrong", cycle=1), mends, judges(cycle=2))
    world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    world.check("failure", log="line 7 is upside down")
    world.settle()

    assert told[0].count("line 7 is upside down") == 1


def test_work_that_cannot_be_looked_through_fails_its_run_and_gives_the_lease_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.model.add(_finishes())
    issue = world.open_issue("Add a")
    (started,) = world.tick().started
    bundle = carry_out(world.context, started)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))

    run = publish(world.context, started, bundle)

    assert isinstance(run, Run)
    assert (run.ending, run.spent) == (Ending.FAILED, bundle.spend.money)
    assert run.note.startswith("What the run handed back could not be looked through: ")
    assert world.record(issue).lease is None
