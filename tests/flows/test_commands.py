"""People speak to the bot in comments: each order is carried out once, by those who may, and answered once, whatever breaks on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.agents.run_ports import Progress
from bot.core.errors.user_errors import UserError
from bot.core.facts.record import INBOX
from bot.core.lifecycle.phase import Phase
from bot.core.money.pricing import usd
from bot.core.orders.labels import READY
from bot.core.projections.board import BOARD_FIELDS
from bot.flows import explaining, stop_start
from bot.flows.running import LeaseGuard
from bot.flows.texts.status import STATUS_MARK
from bot.flows.ticking import tick
from bot.hub import seed
from bot.hub.changes import boards
from bot.hub.web import faults
from tests.world import FULL_NAME, World, a_world, judges, writes

MARK = "<!-- groundskeeper:answer"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The bot listens already: what was said before its first tick is nothing that it obeys."""
    with a_world(tmp_path) as made:
        made.tick()
        made.clock.wait(timedelta(minutes=1))
        yield made


def say(world: World, number: int, body: str, by: str = "ann") -> int:
    return int(world.api(by, "POST", f"issues/{number}/comments", json={"body": body})["id"])


def answers(world: World, number: int) -> list[str]:
    return [body for body in world.comments(number) if MARK in body]


def test_hold_and_resume_are_obeyed_once_and_answered_once(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    comment = say(world, number, "Not yet.\n\n/agent hold")
    world.settle()
    assert world.phase_of(number) is Phase.PAUSED
    assert "@ann wrote `/agent hold`" in world.status(number).reason
    (held,) = answers(world, number)
    assert f"{MARK} {comment} -->" in held
    assert "On hold until somebody writes `/agent resume`." in held

    say(world, number, "/agent resume")
    world.settle()
    assert world.is_closed(number)
    assert "It goes on." in answers(world, number)[1]
    assert len(answers(world, number)) == 2
    assert world.record(number).orders.pending_replies == ()


def test_each_answer_stands_beneath_the_line_that_it_answers(world: World) -> None:
    number = world.open_issue("Add a", labels=())
    world.settle()
    say(world, number, "/agent why\n\n/agent hold\n\n/agent status")
    world.api("ann", "POST", f"issues/{number}/labels", json={"labels": [READY, "agent:hold"]})
    world.settle()

    (answer,) = answers(world, number)
    lines = [line for line in answer.splitlines() if line.strip() and MARK not in line]
    assert lines[0] == "> `@ann`: /agent why"
    assert lines[1].startswith("- Phase: ")
    hold = lines.index("> `@ann`: /agent hold")
    assert lines[hold + 1].startswith("On hold until somebody writes")
    assert lines[hold + 2 :] == ["> `@ann`: /agent status", "As said above, to `@ann`."]


def test_who_may_not_write_is_told_so_once_and_obeyed_never(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    for body in ("/agent stop", "/agent hold", "/agent assign 2", "/agent why"):
        say(world, number, body, by="eve")
    say(world, number, "/agent skip", by="tess")
    world.settle()

    assert world.is_closed(number)
    assert world.refs().stop is None
    (answer,) = answers(world, number)
    assert answer.count("Only people with write access can tell me what to do here") == 2
    assert "`@eve`" in answer


def test_who_lost_the_right_to_write_is_not_obeyed(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold"])
    seed.set_role(world.hub, FULL_NAME, "ann", "read")
    say(world, number, "/agent stop")
    world.settle()

    assert world.refs().stop is None


def test_stop_stops_everything_and_start_goes_on(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    first, second = world.open_issue("Add a"), world.open_issue("Add b", labels=[READY, "agent:hold"])
    say(world, first, "/agent stop")
    world.settle()

    stop = world.refs().stop
    assert stop is not None
    assert (stop.by, stop.reason) == ("@ann", f"`/agent stop` below #{first}")
    assert world.record(first).runs == ()
    assert world.record(first).lease is None
    assert world.pulls() == []
    (answer,) = answers(world, first)
    assert "Everything is stopped" in answer
    say(world, second, "/agent why")
    world.settle()
    assert answers(world, second) == []

    stop_start.start(world.context, by="ann")
    world.settle(rounds=60)
    assert world.is_closed(first)
    assert len(answers(world, first)) == 1
    assert len(answers(world, second)) == 1
    assert world.refs().stop is None


def test_an_answer_whose_own_answer_was_lost_is_written_once(world: World) -> None:
    number = world.open_issue("Add a", labels=[])
    say(world, number, "/agent why")
    world.tick()
    faults.fail_after_work(world.hub, "POST", f"issues/{number}/comments")
    world.tick()
    world.settle()

    assert len(answers(world, number)) == 1
    assert faults.waiting(world.hub) == []


def test_an_order_outlives_the_process_that_heard_it(world: World, tmp_path: Path) -> None:
    number = world.open_issue("Add a")
    say(world, number, "/agent hold")
    world.tick()
    assert world.record(number).orders.held is not None
    assert answers(world, number) == []

    world.clock.wait(timedelta(hours=1))
    other = world.another_process("second")
    for _ in range(4):
        tick(other)
    assert len(answers(world, number)) == 1
    assert world.record(number).orders.pending_replies == ()
    assert world.record(number).runs == ()


def test_orders_given_while_nobody_was_there_are_heard_later(world: World, tmp_path: Path) -> None:
    number = world.open_issue("Add a")
    say(world, number, "/agent hold")
    world.clock.wait(timedelta(days=3))
    other = world.another_process("second")
    for _ in range(4):
        tick(other)

    assert world.record(number).orders.held is not None
    assert len(answers(world, number)) == 1


def test_what_was_heard_is_not_heard_again_however_it_is_edited(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold"])
    comment = say(world, number, "/agent status")
    world.settle()
    world.clock.wait(timedelta(minutes=1))
    world.api("ann", "PATCH", f"issues/comments/{comment}", json={"body": "/agent stop"})
    world.settle()

    assert world.refs().stop is None
    assert len(answers(world, number)) == 1


def test_words_from_before_the_bot_listened_are_nothing_to_obey(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        number = world.open_issue("Add a", labels=["agent:hold", READY])
        comment = say(world, number, "/agent stop")
        world.clock.wait(timedelta(minutes=1))
        world.settle()
        world.clock.wait(timedelta(minutes=1))
        world.api("ann", "PATCH", f"issues/comments/{comment}", json={"body": "/agent stop now"})
        world.settle()

        assert world.refs().stop is None
        assert answers(world, number) == []


def test_the_bots_own_words_and_quotes_are_no_orders(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold"])
    say(world, number, "/agent stop", by="worker")
    say(world, number, "/agent stop", by="reviewer")
    say(world, number, "> /agent stop\n\nwhy would you?\n\n```\n/agent stop\n```")
    world.settle()

    assert world.refs().stop is None
    assert answers(world, number) == []


def test_what_is_not_understood_gets_one_kind_answer(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold"])
    say(world, number, "/agent hodl\n/agent priority hihg")
    world.settle()

    (answer,) = answers(world, number)
    assert "Did you mean `/agent hold`?" in answer
    assert "Did you mean `/agent priority high`?" in answer
    assert answer.count(MARK) == 1


def test_assign_pins_it_to_an_agent_and_unassign_frees_it(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    say(world, number, "/agent assign 2")
    world.settle()
    assert world.is_closed(number)
    assert {run.agent for run in world.record(number).runs} == {2}

    other = world.open_issue("Add b", labels=[READY, "agent:hold"])
    say(world, other, "/agent assign 9")
    say(world, other, "/agent assign 1")
    say(world, other, "/agent unassign")
    world.settle()
    assert world.record(other).orders.assigned is None
    (answer,) = answers(world, other)
    assert "There is no agent 9; there are agents 1 to 2" in answer


def test_two_pinned_to_one_agent_wait_for_it_and_say_so(world: World) -> None:
    first, second = world.open_issue("Add a"), world.open_issue("Add b")
    say(world, first, "/agent assign 2")
    say(world, second, "/agent assign 2")
    world.tick()
    done = world.tick()

    assert [one.start.number for one in done.started] == [first]
    assert "waits for agent 2, to whom @ann assigned it" in done.plan.statuses[second].reason


def test_priority_sets_peoples_labels_and_heals_what_contradicts(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold", "priority:low"])
    say(world, number, "/agent priority high")
    world.settle()
    assert world.labels(number) >= {READY, "priority:high"}
    assert "priority:low" not in world.labels(number)

    say(world, number, "/agent priority normal")
    world.settle()
    assert not {"priority:high", "priority:low"} & world.labels(number)


def test_skip_parks_it_and_retry_gives_a_fresh_start(world: World) -> None:
    world.wired = replace(world.wired, context=replace(world.context, policy=replace(world.context.policy, cycles=1)))
    world.model.add(writes("a.txt", "try"), judges(approve=False))
    number = world.open_issue("Add a")
    world.settle()
    assert world.phase_of(number) is Phase.NEEDS_HUMAN

    say(world, number, "/agent skip")
    world.settle()
    assert world.phase_of(number) is Phase.PAUSED
    assert "`/agent skip`" in world.status(number).reason

    world.clock.wait(timedelta(minutes=1))
    world.model.add(writes("a.txt", "once more", cycle=1), judges(cycle=1))
    say(world, number, "/agent retry")
    world.settle()
    assert world.is_closed(number)
    assert "A fresh start" in answers(world, number)[1]


def test_a_fresh_start_is_paid_from_the_same_caps(tmp_path: Path) -> None:
    config = (
        "budget: {daily: 2, monthly: 10, run: 2, review: 0.5}\nlimits: {cycles: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
    )
    with a_world(tmp_path, config=config, scenes=(writes("a.txt", "a"), judges(approve=False))) as world:
        world.tick()
        world.clock.wait(timedelta(minutes=1))
        number = world.open_issue("Add a")
        world.settle()
        assert world.phase_of(number) is Phase.NEEDS_HUMAN
        world.clock.wait(timedelta(minutes=1))
        say(world, number, "/agent retry")
        world.settle()

        status = world.tick().plan.statuses[number]
        assert status.phase is Phase.PAUSED
        assert "cap" in status.reason
        assert status.until is not None


def test_people_are_heard_below_the_pull_request_too(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a")
    world.settle(checks_pass=False)
    (pull,) = world.pulls()
    say(world, pull["number"], "/agent hold")
    world.settle(checks_pass=False)

    assert world.phase_of(number) is Phase.PAUSED
    assert len(answers(world, pull["number"])) == 1
    assert answers(world, number) == []


def test_what_is_no_project_is_said_and_nothing_is_shown_there(world: World) -> None:
    number = world.open_issue("Just talk", labels=[])
    say(world, number, "/agent hold")
    world.settle()

    (answer,) = answers(world, number)
    assert len(world.comments(number)) == 2
    assert f"#{number} is no project of mine" in answer
    assert world.labels(number) == set()
    assert number not in world.refs().records
    assert world.record(INBOX).orders.pending_replies == ()


def test_a_locked_issue_costs_no_endless_tries(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold"])
    say(world, number, "/agent why")
    world.tick()
    faults.fail_next(world.hub, "POST", f"issues/{number}/comments", 403, message="Unable to create comment because issue is locked.")
    world.settle()

    assert world.record(number).orders.pending_replies == ()
    assert "would not take all of it" in world.git("log", "-3", "--format=%s", f"refs/groundskeeper/project/{number}")


def test_why_on_the_command_line_says_the_words_of_the_comment(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a", labels=[READY, "priority:high", "priority:low"])
    world.settle(checks_pass=False)
    say(world, number, "/agent why")
    world.settle(checks_pass=False)

    before = world.git("for-each-ref")
    title, *lines = explaining.why(world.context, number)
    assert title == f"#{number} Add a"
    (answer,) = answers(world, number)
    assert [line.removeprefix("- ").replace("**", "") for line in answer.splitlines() if line.startswith("- ")] == lines
    status = next(body for body in world.comments(number) if body.startswith(STATUS_MARK)).replace("**", "")
    (phase, following), facts = (line.partition(": ")[2] for line in lines[:2]), lines[2:]
    assert f"{phase}. {following}" in status
    for line in facts:
        name, _, value = line.partition(": ")
        assert f"| {name} | {value} |" in status
    assert any(line.startswith("Priority: high: both") for line in lines)
    assert world.git("for-each-ref") == before


def test_why_of_what_is_no_project_says_why_not(world: World) -> None:
    number = world.open_issue("Just talk", labels=[])
    with pytest.raises(UserError, match=f"#{number} is no project: nobody put `agent:ready` on it"):
        explaining.why(world.context, number)
    with pytest.raises(UserError, match="#99 is no project"):
        explaining.why(world.context, 99)


def test_an_idle_tick_asks_two_free_questions_and_writes_nothing(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    say(world, number, "/agent status")
    world.settle()
    world.clock.wait(timedelta(minutes=3))
    world.tick()
    before, asked = world.git("for-each-ref"), dict(world.wired.governor.counts)

    for _ in range(5):
        world.clock.wait(timedelta(minutes=1))
        world.tick()

    assert world.git("for-each-ref") == before
    now = dict(world.wired.governor.counts)
    assert (now["read"] - asked["read"], now["write"] - asked["write"]) == (10, 0)


def test_the_board_says_what_the_comment_says(tmp_path: Path) -> None:
    config = "board: 1\nbudget: {daily: 10, monthly: 100, run: 1, review: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
    with a_world(tmp_path, config=config) as world:
        fields = {field.name: list(field.options) or field.kind.value for field in BOARD_FIELDS}
        boards.add_board(world.hub, "garden", "Pots", repository=FULL_NAME, fields=fields)
        with world.hub.write() as db:
            db.execute("update boards set public = 1")
        number = world.open_issue("Add a", labels=[READY, "priority:high"])
        world.tick()
        assert shown(world) == [
            {
                "Status": "working",
                "Agent": "agent 1",
                "Role": "execution",
                "Priority": "High",
                "Cycle": 1.0,
                "Progress": 0.0,
                "Step": "starts",
                "Spend": 0.0,
                "Heartbeat": "2026-11-21 09:00 UTC",
                "Reason": "agent 1 works on it, cycle 1 of 3",
            }
        ]

        (started,) = world.pending
        world.clock.wait(timedelta(minutes=8))
        guard = LeaseGuard(context=world.context, started=started, looked_at=world.clock.now() - timedelta(minutes=1))
        guard.progress = Progress(step=25, steps=100, spent=usd(0), doing="runs `pytest`")
        assert not guard.over()
        world.tick()
        (row,) = shown(world)
        assert (row["Heartbeat"], row["Progress"], row["Step"]) == ("2026-11-21 09:08 UTC", 25.0, "runs `pytest`")
        status = next(body for body in world.comments(number) if body.startswith(STATUS_MARK))
        assert "last seen at 09:08 UTC, 25 % of its steps: runs `pytest`" in status
        assert f"**{row['Status']}**: {row['Reason']}." in status

        world.pending.clear()
        world.model.add(writes("a.txt", "a"), judges())
        world.clock.wait(timedelta(hours=1))
        world.settle()
        (row,) = shown(world)
        assert (row["Status"], row["Progress"], row.get("Agent"), row.get("Step")) == ("done", 100.0, None, None)


def shown(world: World) -> list[dict[str, str | float]]:
    """What stands in each row of the board, titles left out."""
    db = world.hub.db()
    return [boards.values_of(db, row["id"]) for row in db.execute("select id from board_items order by id").fetchall()]


def test_labels_that_contradict_each_other_are_healed_and_peoples_left_alone(world: World) -> None:
    number = world.open_issue("Add a", labels=[READY, "agent:hold", "priority:low"])
    world.settle()
    world.label(number, "phase:done", "agent:needs-human", "wontfix", "priority:high")
    world.settle()

    assert world.labels(number) == {READY, "agent:hold", "priority:low", "priority:high", "wontfix", "agent:waiting"}
