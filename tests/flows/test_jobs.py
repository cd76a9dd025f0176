"""Jobs as the fleet: what one job hands to the next, and everything that can go wrong between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.artifacts import Handoff, read_bundle, read_handoff, write_bundle, write_handoff
from bot.adapters.scripted import Scene
from bot.core.decisions.started_run import StartedRun
from bot.core.errors.user_errors import UserError
from bot.core.facts.record import Run
from bot.core.lifecycle.lease import Refused
from bot.core.lifecycle.phase import Phase
from bot.core.money.ledger import reserved
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.core.runs.run import Bundle, Ending, Verdict
from bot.entry.stop_options import stop_selected
from bot.flows.context import Context
from bot.flows.jobs import Planned, plan_jobs, take_in, time_to_stay_awake
from bot.flows.running import carry_out
from tests.world import World, judges, step, writes


def as_job(world: World, job: str = "77/1") -> Context:
    return replace(world.context, job=job, lease=timedelta(hours=2))


def planned(world: World, job: str = "77/1") -> Planned:
    return plan_jobs(as_job(world, job))


def handed_over(world: World, started: StartedRun) -> StartedRun:
    """Through files, as jobs do it."""
    handoff = Handoff(repository=world.context.repository, default_branch="main", started=started)
    return read_handoff(write_handoff(world.root / "runs", handoff)).started


def carried_out(world: World, started: StartedRun, context: Context | None = None) -> Bundle:
    bundle = carry_out(replace(context or world.context, renews=False), started)
    return read_bundle(write_bundle(world.root / "bundles", bundle))


def test_runs_and_bundles_come_through_files_as_they_were(world: World) -> None:
    world.model.add(writes("a.txt", "ä"), judges())
    number = world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carry_out(world.context, started)

    assert handed_over(world, started) == started
    assert read_bundle(write_bundle(world.root / "bundles", bundle)) == bundle
    result = take_in(world.context, handed_over(world, started), bundle)

    assert isinstance(result, Run)
    assert result.scripted
    world.settle()
    assert world.is_closed(number)


def test_a_job_that_died_is_written_off_by_the_one_that_publishes(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    (started,) = planned(world).started

    result = take_in(as_job(world), handed_over(world, started), None)

    assert isinstance(result, Run)
    assert result.ending is Ending.EXPIRED
    assert result.note == "Its job ended without handing anything in; its grant counts as spent"
    assert reserved(world.ledger()) == 0
    assert world.record(number).spent == usd(1)
    world.settle()
    assert world.is_closed(number)


def test_nothing_is_believed_that_the_lease_does_not_bear_out(world: World) -> None:
    world.model.add(writes("a.txt", "a", any_number=True))
    world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carried_out(world, started)
    before = world.git("for-each-ref")
    forged = {
        "another agent's run": replace(started, holder=replace(started.holder, nonce="guessed")),
        "another base": replace(started, start=replace(started.start, base=world.git("rev-parse", "main"), head="a" * 40)),
        "another role": replace(started, start=replace(started.start, role=Role.REVIEW)),
        "another project": replace(started, start=replace(started.start, number=99)),
    }

    for name, one in forged.items():
        assert isinstance(take_in(world.context, one, bundle), Refused), name
    assert isinstance(take_in(world.context, started, replace(bundle, run="1-other")), Refused)
    assert world.git("for-each-ref") == before


def test_the_branch_that_is_pushed_is_the_refs_own(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carried_out(world, started)
    forged = replace(started, record=replace(started.record, branch="release/next"))

    assert isinstance(take_in(world.context, forged, bundle), Run)

    assert world.git("for-each-ref", "--format=%(refname)", "refs/heads/release") == ""
    assert world.git("for-each-ref", "--format=%(refname)", "refs/heads/agent-1").strip() == f"refs/heads/agent-1/project-{number}"
    world.settle()


def test_a_bundle_cannot_give_money_back(world: World) -> None:
    world.model.add(writes("a.txt", "a", any_number=True))
    number = world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carried_out(world, started)

    refused = take_in(world.context, started, replace(bundle, spend=replace(bundle.spend, money=usd(-5))))

    assert isinstance(refused, Refused)
    assert "less than nothing" in refused.reason
    assert world.record(number).lease is not None


def test_a_job_that_begins_after_a_stop_or_without_its_lease_asks_the_model_nothing(world: World) -> None:
    world.open_issue("Add a")
    (started,) = planned(world).started
    stop_selected(world.context, agent=None, category=None, by="ann", reason="bill looks wrong")

    stopped = carried_out(world, started)

    assert (stopped.ending, stopped.note, stopped.spend.requests) == (Ending.STOPPED, "Stopped by ann: bill looks wrong", 0)
    assert isinstance(take_in(world.context, started, stopped), Run)
    again = carried_out(world, started)
    assert (again.ending, again.spend.requests) == (Ending.STOPPED, 0)


def test_a_bundle_that_comes_twice_is_published_once(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carried_out(world, started)

    assert isinstance(take_in(world.context, started, bundle), Run)
    assert take_in(world.context, started, bundle) == Refused(reason=f"the lease of run {started.holder.run} is gone")
    world.settle()


def test_a_cancelled_job_hands_in_what_it_has_and_the_next_goes_on(world: World) -> None:
    asked: list[str] = []
    first = step("bash", command="echo half > half.txt")

    def then(_: object) -> object:
        asked.append("cancelled")
        return step("bash", command="echo more")

    world.model.add(Scene(role=Role.EXECUTION, steps=(first, then, step("finish", report="Whole"))), judges())  # type: ignore[arg-type]
    number = world.open_issue("Add a")
    (started,) = planned(world).started
    why = "The job was cancelled; what was done is kept"

    bundle = carry_out(replace(world.context, renews=False), started, interrupted=lambda: why if asked else None)
    result = take_in(world.context, started, bundle)

    assert isinstance(result, Run)
    assert (result.ending, result.note) == (Ending.STOPPED, why)
    assert "half.txt" in world.git("ls-tree", "--name-only", f"agent-1/project-{number}").split()
    world.settle()
    assert world.is_closed(number)
    assert [run.ending for run in world.record(number).runs] == [Ending.STOPPED, Ending.FINISHED, Ending.FINISHED]


def test_a_lease_lasts_as_long_as_its_job_may_take(world: World) -> None:
    number = world.open_issue("Add a")
    plan_jobs(replace(world.context, lease=timedelta(hours=2)))
    world.clock.wait(timedelta(minutes=100))

    assert world.phase_of(number) is Phase.WORKING


def test_what_a_tick_started_is_handed_on_although_the_next_tick_fails(world: World) -> None:
    world.open_issue("Add a")
    world.fail_next("POST", "/graphql", 500, times=1)
    first = planned(world)

    assert first.started or first.error
    assert len(first.started) + len(planned(world).started) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not what a job hands on"), ("null", "is empty"), ('{"run": "x", "unknown": 1}', "is not what a job hands on")],
)
def test_a_file_that_is_no_bundle_is_refused_with_its_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text)

    with pytest.raises(UserError, match=words) as told:
        read_bundle(tmp_path / "x.json")
    assert "x.json" in str(told.value)
    with pytest.raises(UserError, match="Was the artifact"):
        read_bundle(tmp_path / "missing.json")


def test_the_workflow_is_kept_awake_once_a_day(world: World) -> None:
    assert time_to_stay_awake(world.clock.now().replace(hour=0, minute=43))
    assert not time_to_stay_awake(world.clock.now())


def a_review(world: World) -> tuple[int, StartedRun, Bundle]:
    """Of a project whose work waits for it: what its job would hand in."""
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    world.check()
    (started,) = planned(world).started
    return number, started, carried_out(world, started)


@pytest.mark.parametrize("wrong", ["another head", "unmet", "other criteria", "fewer criteria", "told in the brief"])
def test_a_verdict_counts_only_for_the_head_and_the_criteria_that_were_leased(world: World, wrong: str) -> None:
    number, started, bundle = a_review(world)
    verdict = bundle.verdict
    assert verdict is not None
    (judged,) = verdict.judgements
    told = {
        "another head": replace(verdict, head=world.git("rev-parse", "main")),
        "unmet": replace(verdict, judgements=(replace(judged, met=False),)),
        "other criteria": replace(verdict, judgements=(replace(judged, criterion="It is nice"),)),
        "fewer criteria": replace(verdict, judgements=()),
        "told in the brief": replace(verdict, judgements=()),
    }[wrong]
    if wrong == "told in the brief":
        started = replace(started, brief=replace(started.brief, criteria=()))

    result = take_in(as_job(world), handed_over(world, started), replace(bundle, verdict=told))

    assert isinstance(result, Run)
    assert result.verdict is None
    assert result.ending is Ending.FAILED
    assert "verdict" in result.note
    assert world.record(number).spent > 0


def test_an_execution_has_no_verdict_whatever_it_hands_in(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    world.open_issue("Add a")
    (started,) = planned(world).started
    bundle = carried_out(world, started)
    forged = Verdict(head=started.start.base, approved=True, summary="Fine", judgements=())

    result = take_in(as_job(world), handed_over(world, started), replace(bundle, verdict=forged))

    assert isinstance(result, Run)
    assert result.verdict is None
