"""What people write on a project's pull request is seen at once, worked on, and answered where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.hub.web import faults
from tests.world import Scene, World, judges, step, writes

THREADS = """query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { pullRequest(number: $number) {
  reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } } } }
  reviewThreads(first: 20) { nodes { id isResolved comments(first: 20) { nodes { body author { login } } } } }
} } }"""


def answers(path: str, text: str, *said: str, **scene: Any) -> Scene:
    """An execution that does what notes asked for, and says so to each of them."""
    command = f"printf '%s' '{text}' > {path} && git add -A && git commit -qm 'Do as asked'"
    told = [{"note": f"N{place}", "answer": one} for place, one in enumerate(said, 1)]
    return Scene(role=Role.EXECUTION, steps=(step("bash", command=command), step("finish", report="Did as asked", answers=told)), **scene)


@pytest.fixture
def number(world: World) -> int:
    """A project whose pull request is open, and whose checks have not reported."""
    world.model.add(writes("a.txt", "one"))
    number = world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    assert [pull["number"] for pull in world.pulls("open")] == [number + 1]
    return number


def pull_of(world: World) -> int:
    return int(world.pulls()[0]["number"])


def line_note(world: World, body: str, *, by: str = "ann") -> int:
    pull = world.pulls()[0]
    place = {"path": "a.txt", "line": 1, "side": "RIGHT", "commit_id": pull["head"]["sha"], "body": body}
    return int(world.api(by, "POST", f"pulls/{pull['number']}/comments", json=place)["id"])


def comment(world: World, body: str, *, by: str = "ann") -> int:
    return int(world.api(by, "POST", f"issues/{pull_of(world)}/comments", json={"body": body})["id"])


def reactions(world: World, path: str) -> list[tuple[str, str]]:
    return [(one["content"], one["user"]["login"]) for one in world.api("ann", "GET", f"{path}/reactions")]


def asked(world: World) -> Any:
    variables = {"owner": "garden", "name": "pots", "number": pull_of(world)}
    return world.api("ann", "POST", "/graphql", json={"query": THREADS, "variables": variables})["data"]["repository"]["pullRequest"]


def threads(world: World) -> list[Any]:
    found: list[Any] = asked(world)["reviewThreads"]["nodes"]
    return found


def reviewers(world: World) -> list[str]:
    return [one["requestedReviewer"]["login"] for one in asked(world)["reviewRequests"]["nodes"]]


def executions(world: World, number: int) -> int:
    return sum(run.role is Role.EXECUTION for run in world.record(number).runs)


def pass_window(world: World) -> None:
    """Until people have had time to write what belongs together, and what they wrote is begun."""
    world.clock.wait(timedelta(minutes=2))


def test_an_inline_note_is_seen_in_the_same_tick_done_answered_in_its_thread_and_resolved(world: World, number: int) -> None:
    note = line_note(world, "Say two, please")
    world.tick()
    assert reactions(world, f"pulls/comments/{note}") == [("eyes", "worker")]
    assert executions(world, number) == 1

    world.model.add(answers("a.txt", "two", "It says two now"), judges())
    pass_window(world)
    done = world.tick()
    (started,) = done.started
    assert [(one.text, one.path, one.line) for one in started.brief.notes] == [("Say two, please", "a.txt", 1)]
    world.work()
    head = world.record(number).runs[-1].head
    world.settle()

    (thread,) = threads(world)
    assert thread["isResolved"]
    first, reply = thread["comments"]["nodes"]
    assert first["author"]["login"] == "ann"
    assert reply["author"]["login"] == "worker"
    assert f"Answered by {head}." in reply["body"]
    assert "> It says two now" in reply["body"]
    assert world.git("show", "main:a.txt") == "two"
    assert world.is_closed(number)


def test_a_comment_on_the_pull_request_is_answered_below_it_once(world: World, number: int) -> None:
    note = comment(world, "@worker please say two")
    world.tick()
    assert reactions(world, f"issues/comments/{note}") == [("eyes", "worker")]
    world.model.add(answers("a.txt", "two", "It says two now"), judges())
    pass_window(world)
    world.settle()

    replies = [body for body in world.comments(pull_of(world)) if "It says two now" in body]
    assert len(replies) == 1
    assert "> `@ann`: `@worker` please say two" in replies[0]
    assert executions(world, number) == 2


def test_a_strangers_note_starts_nothing_and_gets_no_reaction(world: World, number: int) -> None:
    notes = [line_note(world, "Say three", by="tess"), comment(world, "@worker say three", by="eve")]
    world.model.add(judges())
    pass_window(world)
    world.settle()

    assert reactions(world, f"pulls/comments/{notes[0]}") == []
    assert reactions(world, f"issues/comments/{notes[1]}") == []
    assert executions(world, number) == 1
    assert world.git("show", "main:a.txt") == "one"


def test_three_notes_at_once_become_one_run_that_answers_each(world: World, number: int) -> None:
    line_note(world, "Say two")
    world.tick()
    world.clock.wait(timedelta(seconds=50))
    line_note(world, "And say it once")
    world.tick()
    world.clock.wait(timedelta(seconds=50))
    comment(world, "Thank you")
    assert world.tick().started == ()
    world.clock.wait(timedelta(seconds=20))
    world.model.add(answers("a.txt", "two", "Two", "Once", "You are welcome"), judges())
    world.settle()

    assert executions(world, number) == 2
    assert [len(thread["comments"]["nodes"]) for thread in threads(world)] == [2, 2]
    assert all(thread["isResolved"] for thread in threads(world))
    assert sum("You are welcome" in body for body in world.comments(pull_of(world))) == 1


def test_a_note_that_is_edited_after_it_was_done_is_done_again(world: World, number: int) -> None:
    note = line_note(world, "Say two")
    world.model.add(answers("a.txt", "two", "Two it is"))
    pass_window(world)
    world.tick()
    world.work()
    world.tick()
    world.tick()
    world.api("ann", "PATCH", f"pulls/comments/{note}", json={"body": "Say three"})
    world.tick()
    world.model.add(answers("a.txt", "three", "Three it is"), judges())
    pass_window(world)
    world.settle()

    assert executions(world, number) == 3
    (thread,) = threads(world)
    assert [one["author"]["login"] for one in thread["comments"]["nodes"]] == ["ann", "worker", "worker"]
    assert "Three it is" in thread["comments"]["nodes"][2]["body"]
    assert world.git("show", "main:a.txt") == "three"


def test_a_note_that_is_edited_before_it_is_begun_counts_as_it_reads_then(world: World, number: int) -> None:
    note = line_note(world, "Say too")
    world.tick()
    world.api("ann", "PATCH", f"pulls/comments/{note}", json={"body": "Say two"})
    pass_window(world)
    (started,) = world.tick().started
    assert [one.text for one in started.brief.notes] == ["Say two"]
    world.model.add(answers("a.txt", "two", "Two"), judges())
    world.settle()
    assert executions(world, number) == 2


def test_a_note_during_a_run_is_seen_at_once_and_done_after_it(world: World, number: int) -> None:
    line_note(world, "Say two")
    pass_window(world)
    world.tick()
    late = line_note(world, "And three")
    world.tick()
    assert reactions(world, f"pulls/comments/{late}") == [("eyes", "worker")]
    pass_window(world)
    world.model.add(answers("a.txt", "two", "Two"), answers("a.txt", "two three", "And three"), judges())
    world.settle()

    assert [len(run.notes) for run in world.record(number).runs if run.role is Role.EXECUTION] == [0, 1, 1]
    assert world.git("show", "main:a.txt") == "two three"


def test_a_note_during_the_review_outranks_its_verdict_and_is_no_cycle(world: World, number: int) -> None:
    world.check()
    world.tick()
    line_note(world, "Say two")
    world.model.add(judges(), answers("a.txt", "two", "Two"), judges())
    world.work()
    pass_window(world)
    world.settle()

    assert world.git("show", "main:a.txt") == "two"
    assert [run.cycle for run in world.record(number).runs] == [1, 1, 1, 1]


def test_changes_requested_by_a_person_are_done_and_they_are_asked_for_another_review(world: World, number: int) -> None:
    world.api("ann", "POST", f"pulls/{pull_of(world)}/reviews", json={"event": "REQUEST_CHANGES", "body": "Say two"})
    world.tick()
    world.model.add(answers("a.txt", "two", "It says two now"), judges())
    pass_window(world)
    world.settle()

    assert world.phase_of(number) is Phase.APPROVED
    assert "waits for @ann" in world.status(number).reason
    assert reviewers(world) == ["ann"]
    assert sum("It says two now" in body for body in world.comments(pull_of(world))) == 1
    assert executions(world, number) == 2

    world.api("ann", "POST", f"pulls/{pull_of(world)}/reviews", json={"event": "APPROVE"})
    world.settle()
    assert world.is_closed(number)


def test_an_approval_by_a_person_starts_nothing_and_its_line_note_is_work(world: World, number: int) -> None:
    pull = pull_of(world)
    world.api("ann", "POST", f"pulls/{pull}/reviews", json={"event": "APPROVE", "body": "Looks right"})
    pass_window(world)
    assert world.tick().started == ()
    assert world.phase_of(number) is Phase.REVIEWING

    nit = [{"path": "a.txt", "line": 1, "body": "Nit: say two"}]
    world.api("ann", "POST", f"pulls/{pull}/reviews", json={"event": "APPROVE", "comments": nit})
    world.model.add(answers("a.txt", "two", "Two"), judges())
    pass_window(world)
    world.settle()
    assert world.git("show", "main:a.txt") == "two"


def test_a_question_is_answered_without_a_commit_and_its_thread_stays_open(world: World, number: int) -> None:
    line_note(world, "Why one?")
    said = [{"note": "N1", "answer": "Because the issue says so", "done": False}]
    world.model.add(Scene(role=Role.EXECUTION, steps=(step("finish", report="Answered", answers=said),)), judges())
    pass_window(world)
    world.settle()

    (thread,) = threads(world)
    assert not thread["isResolved"]
    assert "Nothing was changed for this." in thread["comments"]["nodes"][1]["body"]
    assert world.git("show", "main:a.txt") == "one"
    assert world.is_closed(number)


def test_a_thread_that_people_resolve_themselves_is_let_be(world: World, number: int) -> None:
    line_note(world, "Say two")
    world.tick()
    (thread,) = threads(world)
    resolve = "mutation($t: ID!) { resolveReviewThread(input: {threadId: $t}) { thread { isResolved } } }"
    world.api("ann", "POST", "/graphql", json={"query": resolve, "variables": {"t": thread["id"]}})
    world.model.add(judges())
    pass_window(world)
    world.settle()
    assert world.is_closed(number)
    assert executions(world, number) == 1


def test_a_note_gives_a_project_that_waits_for_a_person_another_go(world: World, number: int) -> None:
    world.model.add(judges(approve=False, findings=({"text": "No"},)))
    for cycle in (2, 3):
        world.model.add(writes("a.txt", f"try {cycle}", cycle=cycle), judges(approve=False, findings=({"text": "No"},), cycle=cycle))
    world.settle()
    assert world.phase_of(number) is Phase.NEEDS_HUMAN

    comment(world, "Say two and be done")
    world.model.add(answers("a.txt", "two", "Done"), judges())
    pass_window(world)
    world.settle()
    assert world.git("show", "main:a.txt") == "two"


def test_an_answer_whose_confirmation_is_lost_is_not_given_twice(world: World, number: int) -> None:
    line_note(world, "Say two")
    world.clock.wait(timedelta(seconds=1))
    comment(world, "And be quick")
    world.model.add(answers("a.txt", "two", "Two", "Quick"), judges())
    pass_window(world)
    world.tick()
    world.work()
    faults.fail_after_work(world.hub, "POST", "/graphql", body="addPullRequestReviewThreadReply")
    faults.fail_after_work(world.hub, "POST", f"/issues/{pull_of(world)}/comments")
    world.settle()
    assert [len(thread["comments"]["nodes"]) for thread in threads(world)] == [2]
    assert sum("> Quick" in body for body in world.comments(pull_of(world))) == 1


@pytest.mark.parametrize(("refusals", "resolved"), [(1, True), (2, True), (3, False)])
def test_a_thread_that_github_would_not_resolve_is_tried_again_and_not_for_ever(
    world: World, number: int, refusals: int, resolved: bool
) -> None:
    line_note(world, "Say two")
    world.model.add(answers("a.txt", "two", "Two"))
    pass_window(world)
    world.tick()
    world.work()
    faults.refuse_mutation(world.hub, "resolveReviewThread", times=refusals)
    world.tick()
    assert [len(thread["comments"]["nodes"]) for thread in threads(world)] == [2]
    assert world.tick().moved is False

    for _ in range(3):
        world.clock.wait(timedelta(hours=1))
        world.tick()
    (thread,) = threads(world)
    assert thread["isResolved"] is resolved
    assert len(thread["comments"]["nodes"]) == 2
    assert faults.waiting(world.hub) == []
    assert world.record(number).unresolved == ()


def test_planning_twice_plans_nothing(world: World, number: int) -> None:
    line_note(world, "Say two")
    world.tick()
    assert world.tick().plan.effects == ()
