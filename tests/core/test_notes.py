"""Which notes of people are work, when it begins, and what is owed for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.decisions.effects import AcknowledgeNotes, AnswerNotes, StartRun
from bot.core.decisions.plan import plan
from bot.core.evidence.notes import answer_mark, owed_answers, pending_notes
from bot.core.facts.project import Project, PullState
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import status_of
from bot.core.orders.labels import HOLD
from bot.core.runs.note import Note
from bot.core.runs.run import Ending
from tests.core.facts import NOON, issue, judged, lease, note, policy, pull, run, shown, snapshot, working

IN_THREAD = note(thread="T", path="a.txt", line=1)
ANSWER = note(3, author="worker[bot]", thread="T", text=answer_mark(IN_THREAD.ref), resolved=True)


def with_notes(*notes: Note, **changes: Any) -> Project:
    return working(run(), the_pull=pull(notes=notes, **changes))


def done(*notes: Note, **changes: Any) -> Project:
    """A project of which a finished run was given these."""
    return working(run(), run(ago=6, notes=tuple(one.ref for one in notes)), the_pull=pull(notes=notes), **changes)


@pytest.mark.parametrize(
    ("rule", "facts", "work"),
    [
        ("a note by somebody with write is work", with_notes(note()), True),
        ("a stranger's is not", with_notes(note(may_write=False)), False),
        ("the bot's own words are not", with_notes(note(author="worker[bot]")), False),
        ("an order to the bot is not", with_notes(note(text="/agent why")), False),
        ("what GitHub's page does not show is not", with_notes(note(text="<!-- hello -->")), False),
        ("a thread that people resolved is not", with_notes(replace(IN_THREAD, resolved=True)), False),
        ("a note in a thread that the bot answered and resolved is", with_notes(replace(IN_THREAD, resolved=True), ANSWER), True),
        ("nothing is on a pull request that was closed", with_notes(note(), state=PullState.CLOSED, closed_at=NOON), False),
        ("what a finished run was given is not", done(note()), False),
        ("unless it reads otherwise now", replace(done(note()), pull=pull(notes=(note(text="Say three"),))), True),
        ("other spaces are no other words", replace(done(note()), pull=pull(notes=(note(text="Say  two "),))), False),
    ],
)
def test_what_is_work(rule: str, facts: Project, work: bool) -> None:
    assert bool(pending_notes(facts, policy())) is work, rule


def test_what_a_run_that_failed_was_given_is_work_still() -> None:
    failed = run(ending=Ending.FAILED, ago=6, notes=(note().ref,))
    assert pending_notes(working(run(), failed, the_pull=pull(notes=(note(),))), policy()) == (note(),)


def test_the_first_note_waits_two_minutes_for_others_and_all_go_into_one_run() -> None:
    early, late = note(1), note(0)
    soon = with_notes(early, late)
    assert status_of(soon, policy(), NOON).next_step is None
    assert status_of(soon, policy(), NOON).until == NOON + timedelta(minutes=1)

    (start,) = [one for one in plan(snapshot(soon), policy(), NOON + timedelta(minutes=1)).effects if isinstance(one, StartRun)]
    assert start.notes == (early, late)


def test_notes_go_before_the_reviewers_findings_and_are_no_cycle() -> None:
    checks, reviews = shown(approved=False)
    one = working(run(), judged(approved=False), the_pull=pull(notes=(note(),), checks=checks, reviews=reviews))
    three = replace(one, record=replace(one.record, runs=(run(ago=20), run(ago=18), run(ago=16), judged(approved=False))))
    (start,) = [effect for effect in plan(snapshot(three), policy(), NOON).effects if isinstance(effect, StartRun)]
    assert (start.notes, start.cycle) == ((note(),), 3)


def test_a_note_gives_work_that_failed_too_often_another_go_and_only_one_that_is_newer() -> None:
    failed = [run(ending=Ending.FAILED, ago=ago) for ago in (8, 7, 6)]
    old, new = note(30), note(4)
    assert status_of(working(run(ago=40), *failed, the_pull=pull(notes=(old,))), policy(), NOON).phase is Phase.NEEDS_HUMAN
    assert status_of(working(run(ago=40), *failed, the_pull=pull(notes=(old, new))), policy(), NOON).phase is Phase.REWORK


def test_who_writes_sees_at_once_that_it_was_read_even_while_the_project_is_held() -> None:
    held = replace(with_notes(note()), issue=issue(labels=issue().labels | {HOLD}))
    effects = plan(snapshot(held), policy(), NOON).effects
    assert [one.notes for one in effects if isinstance(one, AcknowledgeNotes)] == [(note().id,)]
    seen = replace(held, pull=pull(notes=(note(seen=True),)))
    assert plan(snapshot(seen), policy(), NOON).effects == ()


def test_a_note_is_owed_one_answer_and_none_once_that_is_written_down() -> None:
    one = done(note())
    assert [owed.run.run for owed in owed_answers(one)] == ["execution-6"]
    at_work = replace(one, record=replace(one.record, lease=lease()))
    assert [type(effect) for effect in plan(snapshot(at_work), policy(), NOON).effects] == [AnswerNotes]
    assert owed_answers(replace(one, record=replace(one.record, answered=(note().ref,)))) == ()


def test_a_note_that_is_gone_is_owed_still_so_that_it_is_settled() -> None:
    gone = replace(done(note()), pull=pull())
    assert [owed.note for owed in owed_answers(gone)] == [None]
