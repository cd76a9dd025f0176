"""What is tried again: told what failed before, in other words than the first time, and each conversation in its own role."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.adapters.scripted import Step
from bot.agents.brief import rendered
from bot.core.errors.model_errors import ModelErrorKind
from bot.core.roles.role import Role
from tests.world import FILES, Scene, World, a_world, judges, step, writes

CONFIG = FILES[".github/groundskeeper.yml"].replace("{test: 'true'}", "{test: 'if grep -qs one a.txt; then echo it says one; exit 1; fi'}")


def test_a_retry_is_told_what_was_tried_and_its_log(tmp_path: Path) -> None:
    command = "printf one > a.txt && git add -A && git commit -qm 'One'"
    wanders = Scene(role=Role.EXECUTION, steps=(step("bash", command=command), step("finish", report="One"), *[Step(say="Hm")] * 3))
    with a_world(tmp_path, config=CONFIG, scenes=(wanders,)) as world:
        world.open_issue("Add a")
        first = world.tick().started[0]
        world.work()
        world.clock.wait(timedelta(seconds=2))
        (again,) = world.tick().started

        before, after = (rendered(one.brief, world.context.prompts).opening for one in (first, again))
    assert "did not come through" not in before
    assert "This was tried before and did not come through" in after
    assert "The model ended its turn 3 times without calling a tool" in after
    assert "it says one" in after
    assert "$ if grep -qs one a.txt" in after


def test_a_review_that_a_limit_ended_goes_on_where_it_was_and_no_executor_is_given_it(world: World) -> None:
    looks = (step("bash", command="echo looked-once"), Step(error=ModelErrorKind.USAGE_LIMITED))
    verdict = judges().steps[-1]
    world.model.add(writes("a.txt", "a"), Scene(role=Role.REVIEW, steps=(*looks, verdict)))
    number = world.open_issue("Add a")
    world.settle()
    assert [run.role for run in world.record(number).runs] == [Role.EXECUTION, Role.REVIEW]

    world.clock.wait(timedelta(minutes=16))
    (again,) = world.tick().started
    assert again.start.reason == "goes on from its checkpoint"
    assert "looked-once" in (again.brief.transcript or "")
    world.settle()
    assert world.is_closed(number)


def test_work_after_an_unfinished_review_begins_a_conversation_of_its_own(world: World) -> None:
    looks = (step("bash", command="echo looked-once"), Step(error=ModelErrorKind.USAGE_LIMITED))
    world.model.add(writes("a.txt", "a"), Scene(role=Role.REVIEW, steps=looks))
    number = world.open_issue("Add a")
    world.settle()
    pull = world.pulls()[0]["number"]
    world.api("ann", "POST", f"issues/{pull}/comments", json={"body": "Say b"})
    world.clock.wait(timedelta(minutes=16))

    (work,) = world.tick().started
    assert work.start.role is Role.EXECUTION
    assert work.brief.transcript is None
    said = [{"note": "N1", "answer": "b"}]
    command = "printf b > a.txt && git commit -qam 'Say b'"
    world.model.add(Scene(role=Role.EXECUTION, steps=(step("bash", command=command), step("finish", report="b", answers=said))), judges())
    world.settle()
    assert world.is_closed(number)


def test_a_note_that_comes_between_two_segments_is_told_to_the_conversation_that_goes_on(world: World) -> None:
    first = (step("bash", command="printf b > a.txt"), Step(error=ModelErrorKind.USAGE_LIMITED))
    world.model.add(writes("a.txt", "a"), judges(approve=False, findings=({"text": "Say b"},)))
    said = [{"note": "N1", "answer": "c"}]
    rest = (step("bash", command="printf c > a.txt"), step("finish", report="c", answers=said))
    world.model.add(Scene(role=Role.EXECUTION, steps=(*first, *rest), cycle=2), judges())
    number = world.open_issue("Add a")
    world.settle()
    pull = world.pulls()[0]["number"]
    world.api("ann", "POST", f"issues/{pull}/comments", json={"body": "Say c"})
    world.clock.wait(timedelta(minutes=16))

    (again,) = world.tick().started
    assert again.brief.transcript is not None
    assert "Say c" in rendered(again.brief, world.context.prompts).going_on
    world.settle()
    assert world.is_closed(number)
