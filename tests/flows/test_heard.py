"""What people and the repository say reaches whoever works: the first run, the review, the validation of an idea."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.agents.brief import rendered
from bot.core.decisions.started_run import StartedRun
from bot.core.facts.project import Pausable
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.flows.stop_start import pause
from tests.world import Scene, World, a_world, judges, step, writes

WORDS = {
    "AGENTS.md": "Say pots, never vessels.\n",
    "CLAUDE.md": "See AGENTS.md\n",
    ".github/copilot-instructions.md": "Write short lines.\n",
    "CONTRIBUTING.md": "x" * 20_000 + "\nSign your commits.\n",
    "shed/AGENTS.md": "The shed is old.\n",
}
IDEAS = (
    "agents: 1\nbudget: {daily: 100, monthly: 1000}\ngates: {test: 'true'}\n"
    "ideation: {queue: person, categories: [testing, documentation], pause_minutes: 0}\n"
)


def started(world: World, role: Role) -> StartedRun:
    """Goes on until a run of this role waits to be carried out."""
    for _ in range(10):
        world.tick()
        found = [one for one in world.pending if one.start.role is role]
        if found:
            return found[0]
        world.work()
        world.check()
    raise AssertionError(f"no {role.value} was started")


def told(world: World, run: StartedRun) -> str:
    return rendered(run.brief, world.context.prompts).opening


def test_a_comment_made_before_the_run_reaches_the_first_execution_and_the_review(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a", labels=[], by="eve")
    world.api("ann", "POST", f"issues/{number}/comments", json={"body": "Clay pots, that is"})
    world.api("tess", "POST", f"issues/{number}/comments", json={"body": "I want plastic"})
    world.clock.wait(timedelta(minutes=1))
    world.label(number, "agent:ready", by="ann")

    assert "Clay pots, that is" in told(world, started(world, Role.EXECUTION))
    review = told(world, started(world, Role.REVIEW))
    assert "Clay pots, that is" in review
    assert "plastic" not in review


def test_what_people_wrote_on_the_pull_request_reaches_the_review(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    pull = world.pulls()[0]
    place = {"path": "a.txt", "line": 1, "side": "RIGHT", "commit_id": pull["head"]["sha"], "body": "Clay pots, that is"}
    world.api("ann", "POST", f"pulls/{pull['number']}/comments", json=place)
    world.api("tess", "POST", f"issues/{pull['number']}/comments", json={"body": "I want plastic"})
    said = [{"note": "N1", "answer": "Clay it is"}]
    command = "printf clay > a.txt && git commit -qam 'Say clay'"
    world.model.add(Scene(role=Role.EXECUTION, steps=(step("bash", command=command), step("finish", report="Clay", answers=said))))
    world.clock.wait(timedelta(minutes=2))

    opening = told(world, started(world, Role.REVIEW))
    assert "People with write access wrote this on the pull request" in opening
    assert "@ann on a.txt:1:\n\nClay pots, that is" in opening
    assert "plastic" not in opening


def test_a_second_review_is_told_what_the_first_one_found(world: World) -> None:
    findings = ({"text": "Pots are of clay"},)
    world.model.add(writes("a.txt", "a"), judges(approve=False, findings=findings), writes("a.txt", "clay", cycle=2))
    world.open_issue("Add a")
    assert "Pots are of clay" not in told(world, started(world, Role.REVIEW))
    world.work()

    opening = told(world, started(world, Role.REVIEW))
    assert "This is a later cycle." in opening
    assert "(review) Pots are of clay" in opening
    assert "(review) Not met: It works. I read the tree" in opening


def test_somebody_else_with_write_is_heard_and_the_bots_own_words_are_not(world: World) -> None:
    number = world.open_issue("Add a", by="worker", labels=[])
    world.label(number, "agent:ready", by="worker")
    world.api("ann", "POST", f"issues/{number}/comments", json={"body": "Clay pots, that is"})
    world.api("worker", "POST", f"issues/{number}/comments", json={"body": "Where it stands"})
    world.api("ann", "POST", f"issues/{number}/comments", json={"body": "/agent priority high"})

    assert started(world, Role.EXECUTION).brief.discussion == ("@ann: Clay pots, that is",)


def test_the_repositorys_own_words_come_from_the_base_and_in_bounds(tmp_path: Path) -> None:
    with a_world(tmp_path, files=WORDS, scenes=(writes("a.txt", "a"),)) as world:
        world.open_issue("Add a")
        first = told(world, started(world, Role.EXECUTION))
        review = told(world, started(world, Role.REVIEW))

    for opening in (first, review):
        assert "Say pots, never vessels." in opening
        assert "Write short lines." in opening
        assert "- CLAUDE.md: look there" in opening
        assert "- shed/AGENTS.md: look there" in opening
        assert "The shed is old." not in opening
        assert "[cut here; the rest is in CONTRIBUTING.md]" in opening
        assert "Sign your commits." not in opening


def proposes(title: str = "Explain how pots are counted") -> Scene:
    answer = step(
        "propose", title=title, description="It would help.", criteria=["It is there"], approach="Write it.", evidence="README.md lacks it."
    )
    return Scene(role=Role.IDEATION, steps=(answer,))


def test_validation_hears_what_people_said_of_a_like_proposal_and_what_there_is_already(tmp_path: Path) -> None:
    with a_world(tmp_path, config=IDEAS, files=WORDS, scenes=(proposes(),)) as world:
        old = world.open_issue("Explain how the garden is laid out", labels=["agent:proposed"])
        world.api("ann", "POST", f"issues/{old}/comments", json={"body": "We want no more prose"})
        world.api("eve", "POST", f"issues/{old}/comments", json={"body": "I want prose"})
        world.api("ann", "PATCH", f"issues/{old}", json={"state": "closed"})
        world.clock.wait(timedelta(minutes=1))
        opening = told(world, started(world, Role.VALIDATION))

    assert "We want no more prose" in opening
    assert "I want prose" not in opening
    assert "Say pots, never vessels." in opening
    assert "Explain how the garden is laid out" in opening


def test_the_validators_criteria_and_the_category_go_onto_the_issue(tmp_path: Path) -> None:
    judged = Scene(role=Role.VALIDATION, steps=(step("judge", valid=True, reasons=["looked"], criteria=["README.md names count()"]),))
    with a_world(tmp_path, config=IDEAS, scenes=(proposes(), judged)) as world:
        ideation = started(world, Role.IDEATION)
        category = ideation.brief.category
        assert category is not None
        opening = told(world, ideation)
        assert f"as a {category.persona} engineer" in opening
        assert category.applies_when[0] in opening
        world.work()
        while not (issues := world.api("ann", "GET", "issues?labels=agent:proposed")):
            world.tick()
            world.work()

        assert "- [ ] README.md names count()" in issues[0]["body"]
        assert "It is there" not in issues[0]["body"]
        assert f"category:{category.name}" in world.labels(issues[0]["number"])


def test_a_paused_category_holds_its_projects_and_its_persona_works_on_them(tmp_path: Path) -> None:
    config = IDEAS.replace("queue: person", "enabled: false")
    with a_world(tmp_path, config=config, scenes=(writes("a.txt", "a"), judges())) as world:
        pause(world.context, Pausable.CATEGORY, "testing", by="ann", reason="too many tests")
        number = world.open_issue("Add a", labels=["agent:ready", "category:testing"])
        status = world.tick().plan.statuses[number]
        assert status.phase is Phase.PAUSED
        assert status.reason == "category testing is paused by ann: too many tests"

        other = world.open_issue("Add b", labels=["agent:ready", "category:documentation"])
        run = started(world, Role.EXECUTION)
        assert run.start.number == other
        assert "work as a docs engineer" in told(world, run)
        world.settle()
        assert world.is_closed(other)
