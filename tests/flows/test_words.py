"""What people read of a project under way: the status comment, the pull request over its cycles, and a quiet timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.adapters.scripted import Scene, step
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.flows.texts.status import STATUS_MARK
from tests.core.markdown.reading import seen
from tests.world import CONFIG, World, a_world, judges, writes


def _status(world: World, number: int) -> str:
    return next(body for body in world.comments(number) if body.startswith(STATUS_MARK))


def _body(world: World) -> str:
    return str(world.pulls()[0]["body"])


def _report(text: str, *, cycle: int) -> Scene:
    return writes("a.txt", f"{cycle}", report=text, cycle=cycle)


def _rejected_once(world: World) -> int:
    finding = {"text": "Say `a | b` to @eve", "path": "a.txt", "line": 1}
    world.model.add(
        _report("First try, closes #9", cycle=1),
        judges(approve=False, cycle=1, findings=[finding]),
        _report("Second try with `x < y`", cycle=2),
        judges(cycle=2),
    )
    return world.open_issue("Add a")


def test_the_body_of_a_pull_request_has_a_section_for_each_cycle_the_latest_first(world: World) -> None:
    _rejected_once(world)

    world.settle()

    body = _body(world)
    first, second = body.index("## Cycle 1"), body.index("## Cycle 2")
    assert second < first
    latest, earlier = body[second:first], body[first:]
    assert "Second try with `x < y`" in latest
    assert "Not met: It works" in latest
    assert "`a.txt:1`" in latest
    assert "`a | b`" in seen(latest).words or "a | b" in seen(latest).words
    assert "First try, closes `#9`" in earlier
    assert "Asked: what the issue says." in earlier
    assert body.count("| test | `true` | passed |") == 2
    assert body.count("Closes #1") == 1


def test_the_body_is_written_once_a_cycle_and_what_people_wrote_around_it_stays(world: World) -> None:
    _rejected_once(world)
    for _ in range(3):
        world.tick()
        world.work()
    world.api("ann", "PATCH", "pulls/2", json={"body": f"Mind the pots.\r\n\r\n{_body(world)}\r\n\r\n- [ ] seen by Ann"})
    world.tick()
    assert "## Cycle 2" not in _body(world)

    world.settle()

    assert _body(world).startswith("Mind the pots.")
    assert _body(world).endswith("- [ ] seen by Ann")
    assert "## Cycle 2" in _body(world)
    assert world.tick().shown == 0


def test_a_body_that_somebody_wrote_anew_is_left_alone(world: World) -> None:
    _rejected_once(world)
    for _ in range(3):
        world.tick()
        world.work()
    world.api("ann", "PATCH", "pulls/2", json={"body": "My own words"})

    world.settle()

    assert _body(world) == "My own words"


def test_it_is_said_in_what_the_work_was_checked(tmp_path: Path) -> None:
    with a_world(tmp_path, config=f"{CONFIG}sandbox: none\n", scenes=[writes("a.txt", "a")]) as world:
        world.open_issue("Add a")

        world.settle(checks_pass=False)

        assert "Checked without a sandbox, on a machine with network:" in _body(world)
        assert "in the sandbox" not in _body(world)


def test_two_sentences_and_criteria_stand_above_the_fold(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a", body="- [ ] It works\n- [ ] It says `a < b`")
    world.tick()

    above, _, below = _status(world, number).partition("<details>")

    assert above.strip() == (
        f"{STATUS_MARK}\n\n"
        "**working**: agent 1 works on it, cycle 1 of 3. "
        "Nothing is needed from you; `/agent hold` keeps it from going on after this run.\n\n"
        "Acceptance criteria:\n\n- [ ] It works\n- [ ] It says `a < b`"
    )
    assert "| Spend | $0.00 in 0 model requests |" in below
    world.work()


def test_criteria_are_ticked_with_the_evidence_of_the_verdict(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges(criteria=2))
    number = world.open_issue("Add a", body="- [ ] It works\n- [ ] It is `small`")

    world.settle()

    assert "- [x] It works – I read the tree\n- [x] It is `small` – I read the tree" in _status(world, number)


def test_what_is_not_met_says_so_and_is_not_ticked(world: World) -> None:
    world.model.add(writes("a.txt", "a", cycle=1), judges(approve=False, criteria=2, cycle=1))
    number = world.open_issue("Add a", body="- [ ] It works\n- [ ] It is small")
    for _ in range(3):
        world.tick()
        world.work()
        world.check()
    world.tick()
    world.tick()

    assert "- [ ] It works – **not met:** I read the tree\n- [x] It is small – I read the tree" in _status(world, number)
    world.pending.clear()


def test_the_history_links_to_what_each_run_left(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")

    world.settle()

    head = world.pulls()[0]["head"]["sha"]
    assert f"[`{head[:7]}`](<http://hub.test/garden/pots/commit/{head}>)" in _status(world, number)


def test_merging_that_is_left_to_people_is_what_the_reader_is_asked_for(world: World) -> None:
    world.wired = replace(world.wired, context=replace(world.context, policy=replace(world.context.policy, merge=False)))
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")

    world.settle()

    assert world.phase_of(number) is Phase.APPROVED
    assert "merging is left to people here. Merge pull request #2 when you like it." in _status(world, number)


def test_a_run_whose_process_is_gone_is_shown_as_gone_before_its_lease_ends(world: World) -> None:
    number = world.open_issue("Add a")
    world.tick()
    assert "agent 1 works on it" in _status(world, number)
    world.pending.clear()

    world.clock.wait(timedelta(minutes=11))
    world.tick()

    assert "**working**: agent 1 stopped responding at 09:00 UTC; its lease ends at 09:15 UTC." in _status(world, number)


def test_from_queue_to_merge_the_timeline_has_three_label_events_at_most(world: World) -> None:
    world.model.add(_report("a", cycle=1), judges(approve=False, cycle=1), _report("b", cycle=2), judges(cycle=2))
    blocker = world.open_issue("First this", labels=[])
    number = world.open_issue("Add a")
    dependency = world.api("ann", "GET", f"issues/{blocker}")["id"]
    world.api("ann", "POST", f"issues/{number}/dependencies/blocked_by", json={"issue_id": dependency})
    world.settle()
    assert world.labels(number) == {"agent:ready", "agent:waiting"}
    world.api("ann", "PATCH", f"issues/{blocker}", json={"state": "closed"})
    world.clock.wait(timedelta(minutes=20))
    world.settle()

    assert world.is_closed(number)
    events = [one["event"] for one in world.api("ann", "GET", f"issues/{number}/timeline?per_page=100")]
    assert len([event for event in events if event in ("labeled", "unlabeled")]) <= 3


def test_who_needs_a_person_can_be_filtered(world: World) -> None:
    world.model.add(Scene(role=Role.EXECUTION, steps=(step("finish", report="No.", give_up=True),)))
    number = world.open_issue("Add a")

    world.settle()

    assert world.labels(number) == {"agent:ready", "agent:needs-human"}
