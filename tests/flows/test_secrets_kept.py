"""A secret that an agent came by: nothing with it is published, a person is told where, and it stands in no text and no ref."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.scripted import Scene, step
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from tests.core.test_secrets import SECRETS
from tests.world import World, a_world

_UNGATED = "agents: 1\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}\ngates: {}\nideation: {enabled: false}\n"


def _everything_that_git_holds(world: World) -> str:
    listed = world.git("rev-list", "--objects", "--all").splitlines()
    return "\n".join(world.git("cat-file", "-p", line[:40]) for line in listed)


def test_a_commit_with_a_secret_goes_to_a_person_who_is_told_where(tmp_path: Path) -> None:
    token = SECRETS["GitHub token"]()
    write = step(
        "bash", command=f"printf 'import os\\nTOKEN = \"{token}\"\\n' > deploy.py && git add -A && git commit -qm 'Deploy with {token}'"
    )
    scene = Scene(role=Role.EXECUTION, steps=(write, step("finish", report=f"It uses {token} now")))
    with a_world(tmp_path, config=_UNGATED, scenes=[scene]) as world:
        issue = world.open_issue("Deploy it")

        world.settle()

        assert world.phase_of(issue) is Phase.NEEDS_HUMAN
        assert world.pulls() == []
        told = "\n".join(world.comments(issue))
        assert "GitHub token in deploy.py:2" in told
        assert "GitHub token in the message of commit" in told
        assert token not in told
        assert token not in _everything_that_git_holds(world)


def test_a_secret_in_words_only_is_taken_out_of_them_and_the_work_goes_on(tmp_path: Path) -> None:
    token = SECRETS["Anthropic key"]()
    write = step("bash", command="printf a > a.txt && git add -A && git commit -qm 'Add a'")
    scene = Scene(role=Role.EXECUTION, steps=(write, step("finish", report=f"I found {token} in the environment")))
    with a_world(tmp_path, config=_UNGATED, scenes=[scene]) as world:
        issue = world.open_issue(f"Add a, with {token}")
        world.tick()
        world.work()
        world.tick()

        told = "\n".join([world.pulls()[0]["title"], world.pulls()[0]["body"], *world.comments(issue)])
        assert "I found [removed: Anthropic key] in the environment" in told.replace("\\", "")
        assert token not in told
        assert token not in _everything_that_git_holds(world)


def test_an_agent_is_told_before_it_finishes_and_can_take_it_out(world: World) -> None:
    key = SECRETS["AWS access key"]()
    write = step("bash", command=f"printf '{key}' > key.txt && printf a > a.txt && git add -A && git commit -qm 'Add a'")
    remove = step("bash", command="git rm -q --cached key.txt && rm key.txt && git commit -q --amend -m 'Add a'")
    world.model.add(Scene(role=Role.EXECUTION, steps=(write, step("finish", report="x"), remove, step("finish", report="y"))))
    world.open_issue("Add a")

    world.tick()
    world.work()
    world.tick()

    assert len(world.pulls()) == 1
    assert key not in _everything_that_git_holds(world)
