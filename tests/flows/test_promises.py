"""The promises under load and misfortune: once each, never above a cap, stopped at once, nothing done by who lost the lease."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.core.facts.record import Run
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.phase import Phase
from bot.core.money.ledger import committed, reserved, settled, start_of_day
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request
from bot.core.runs.run import Bundle, Ending
from bot.flows import stop_start
from bot.flows.fleet import Watcher, keep_working, work
from bot.flows.publishing import publish
from bot.flows.running import carry_out
from bot.flows.texts.status import STATUS_MARK
from bot.hub.web import faults
from tests.world import Scene, Step, a_world, judges, make_world, step, writes

TEN = """agents: 10
merge: {up_to_date: false}
budget: {daily: 1000, monthly: 10000, run: 1, review: 1}
gates: {test: 'true'}
ideation: {enabled: false}
"""


def everybody() -> tuple[Scene, ...]:
    """One script for every project: each writes a file of its own, each review approves."""
    return (
        writes("done/${project}.txt", "${project}", any_number=True),
        Scene(
            role=Role.REVIEW,
            any_number=True,
            steps=(step("verdict", approve=True, summary="Fine.", judgements=[{"criterion": "C1", "met": True, "evidence": "seen"}]),),
        ),
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [20, pytest.param(100, marks=(pytest.mark.slow, pytest.mark.soak))])
def test_ten_workers_do_many_issues_once_each_with_webhooks_lost(tmp_path: Path, count: int) -> None:
    world = make_world(tmp_path, config=TEN, scenes=everybody())
    faults.lose_webhooks(world.hub, 0.5, Random(1))
    numbers = [world.open_issue(f"Write file {place}") for place in range(count)]

    def check() -> None:
        world.check()

    keep_working(
        world.context,
        until=lambda done: all(status.phase is Phase.DONE for status in done.plan.statuses.values()) and not world.check(),
        between=check,
        poll=timedelta(seconds=1),
    )

    pulls = world.pulls() + world.api("ann", "GET", "pulls?state=all&per_page=100&direction=asc&page=2")
    assert len(pulls) == count
    assert all(pull["merged_at"] for pull in pulls)
    assert len({pull["head"]["ref"].partition("/")[2] for pull in pulls}) == count
    done = world.git("ls-tree", "--name-only", "main:done").split()
    assert sorted(done) == sorted(f"{number}.txt" for number in numbers)
    merges = world.git("log", "--first-parent", "--format=%s", "main").splitlines()
    assert len(merges) == count + 1
    for number in numbers:
        assert [comment.startswith(STATUS_MARK) for comment in world.comments(number)] == [True]
    runs = [run for record in world.refs().records.values() for run in record.runs]
    assert {run.ending for run in runs} == {Ending.FINISHED}
    assert len(runs) == 2 * count
    assert settled(world.ledger(), start_of_day(world.clock.now())) == sum(run.spent for run in runs)
    assert reserved(world.ledger()) == 0


def test_a_dead_worker_is_noticed_when_its_lease_ends_and_its_project_goes_on(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes("a.txt", "a"), judges())) as world:
        number = world.open_issue("Add a")
        world.tick()
        world.pending.clear()  # the worker dies with its run

        assert world.phase_of(number) is Phase.WORKING
        world.clock.wait(timedelta(minutes=16))
        world.settle()

        runs = world.record(number).runs
        assert [(run.role, run.ending) for run in runs] == [
            (Role.EXECUTION, Ending.EXPIRED),
            (Role.EXECUTION, Ending.FINISHED),
            (Role.REVIEW, Ending.FINISHED),
        ]
        assert runs[0].spent == usd(1)
        assert world.git("show", "main:a.txt") == "a"


def test_a_worker_whose_lease_was_taken_over_can_publish_nothing(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes("a.txt", "stale", any_number=True), judges())) as world:
        number = world.open_issue("Add a")
        world.tick()
        (stale,) = world.pending
        bundle = carry_out(world.context, stale)
        world.pending.clear()
        world.clock.wait(timedelta(minutes=16))
        world.tick()
        world.tick()
        before = dict(world.refs().tips)

        refused = publish(world.context, stale, bundle)

        assert isinstance(refused, Refused)
        assert dict(world.refs().tips) == before
        assert world.pulls() == []
        world.settle()
        assert len(world.pulls()) == 1
        assert world.is_closed(number)


def test_two_processes_never_write_to_the_api_at_once(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        number = world.open_issue("Add a")
        other = world.another_process("other")
        first = world.tick()
        waiting = world.open_issue("Add b")

        second = world.tick(other)

        assert first.deferred is None
        assert second.deferred is not None
        assert "writes to GitHub now" in second.deferred
        assert len(world.comments(number)) == 1
        assert world.comments(waiting) == []
        world.pending.clear()


def test_a_cap_that_pays_for_three_and_a_half_runs(tmp_path: Path) -> None:
    config = TEN.replace("daily: 1000", "daily: 3.5")
    world = make_world(tmp_path, config=config, scenes=everybody())
    numbers = [world.open_issue(f"Write file {place}") for place in range(10)]

    done = world.tick()

    assert len(done.started) == 3
    waiting = [done.plan.statuses[number] for number in numbers if done.plan.statuses[number].phase is Phase.PAUSED]
    assert len(waiting) == 7
    assert waiting[0].reason == (
        "the daily cap of $3.50 leaves $0.50 ($3.00 used, $3.00 of it reserved by running agents), and a run needs $1.00"
    )
    assert waiting[0].until is not None
    assert waiting[0].until.isoformat() == "2026-11-22T00:00:00+00:00"
    world.settle(rounds=60)
    entries = world.ledger().entries
    assert committed(world.ledger(), start_of_day(world.clock.now())) <= usd(3.5)
    spent = {run.run: run.spent for record in world.refs().records.values() for run in record.runs}
    assert {entry.run: entry.amount for entry in entries} == spent


def test_ten_that_race_for_the_last_money_do_not_overrun_the_cap(tmp_path: Path) -> None:
    """Each has planned with the same look; only the push decides who is paid."""
    from bot.flows.starting import begin
    from bot.flows.ticking import dry_run

    world = make_world(tmp_path, config=TEN, scenes=everybody())
    for place in range(10):
        world.open_issue(f"Write file {place}")
    seen = dry_run(world.context)
    snapshot, starts = seen.snapshot, seen.plan.effects
    poor = replace(world.context.policy, caps=replace(world.context.policy.caps, daily=usd(3.5)))
    processes = [replace(world.another_process(f"p{place}"), policy=poor) for place in range(10)]

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda pair: begin(pair[0], snapshot, pair[1]), zip(processes, starts, strict=True)))

    refused = [answer.reason for answer in answers if isinstance(answer, Refused)]
    assert len(answers) - len(refused) == 3
    assert all("the daily cap of $3.50" in reason for reason in refused)
    assert reserved(world.ledger()) == usd(3)


def test_a_stop_in_the_middle_ends_all_runs_keeps_their_work_and_start_goes_on(tmp_path: Path) -> None:
    world = make_world(tmp_path, config=TEN)
    reached, stopped = threading.Barrier(11), threading.Event()

    def pause(_: Request) -> Step:
        reached.wait()
        stopped.wait()
        return step("bash", command="echo after")

    first = step("bash", command="echo half > half-${project}.txt")
    world.model.add(
        Scene(role=Role.EXECUTION, any_number=True, cycle=1, steps=(first, pause, step("finish", report="Whole"))),
        *everybody()[1:],
    )
    numbers = [world.open_issue(f"Write file {place}") for place in range(10)]
    done = world.tick()
    assert len(done.started) == 10
    with ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(work, world.context, started, Watcher()) for started in done.started]
        reached.wait()
        said = stop_start.stop(world.another_process("console"), by="ann", reason="bill looks wrong")
        at = world.clock.now()
        world.clock.wait(timedelta(seconds=6))
        stopped.set()
        results = [future.result() for future in futures]
    world.pending.clear()

    assert said.startswith("Stopped.")
    assert all(isinstance(result, Run) and result.ending is Ending.STOPPED for result in results)
    assert all(result.ended_at - at <= timedelta(seconds=30) for result in results if isinstance(result, Run))
    tips = world.refs().tips
    for number in numbers:
        branch = world.record(number).branch
        assert f"half-{number}.txt" in world.git("ls-tree", "--name-only", tips[f"refs/heads/{branch}"]).split()
    idle = world.tick()
    assert idle.started == ()
    assert {status.reason for status in idle.plan.statuses.values()} == {"stopped by ann: bill looks wrong"}

    stop_start.start(world.context, by="ann")
    world.settle(rounds=60)

    assert len(world.pulls()) == 10
    assert all(pull["merged_at"] for pull in world.pulls())
    assert {f"half-{number}.txt" for number in numbers} <= set(world.git("ls-tree", "--name-only", "main").split())


def test_a_hundred_ticks_after_the_end_write_nothing(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes("a.txt", "a"), judges())) as world:
        world.open_issue("Add a")
        world.settle()
        before = world.git("for-each-ref")

        for _ in range(5):
            world.tick()

        assert world.git("for-each-ref") == before


def test_a_bundle_of_a_guarded_path_goes_to_a_person(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes(".github/workflows/x.yml", "on: push"),)) as world:
        number = world.open_issue("Change the workflow")
        world.settle()

        assert world.phase_of(number) is Phase.NEEDS_HUMAN
        assert "which only a person may do" in world.status(number).reason
        assert world.pulls() == []
        assert not [ref for ref in world.refs().tips if ref.startswith("refs/heads/agent")]


def test_a_bundle_that_is_no_bundle_is_a_failed_run(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.open_issue("Add a")
        world.tick()
        (started,) = world.pending
        world.pending.clear()
        rubbish = Bundle(run=started.holder.run, ending=Ending.FINISHED, note="Finished", git_bundle=b"rubbish", head="a" * 40)

        result = publish(world.context, started, rubbish)

        assert isinstance(result, Run)
        assert result.ending is Ending.FAILED
        assert "no git bundle" in result.note
