"""As whom the bot writes: whatever it leaves in the repository names its own accounts and no other."""

from __future__ import annotations

from pathlib import Path

from bot.core.roles.role import Role
from tests.flows.two_apps import CurrentClock, two_apps
from tests.world import Scene, World, a_world, judges, step

_BORROWED = "git add -A && git commit -qm 'Fix it' --author 'Eve <eve@users.noreply.github.com>'"


def _borrows_a_name() -> Scene:
    return Scene(role=Role.EXECUTION, steps=(step("bash", command=f"echo 2 > pots.txt && {_BORROWED}"), step("finish", report="Did it")))


def _people(world: World, *refs: str) -> set[str]:
    told = world.git("log", "--format=%ae%n%ce", *(refs or ("--all",)))
    return {address for address in told.splitlines() if address != "ann@example.org"}


def _address(world: World, login: str) -> str:
    account = world.api("ann", "GET", f"/users/{login}")
    return f"{account['id']}+{login}@users.noreply.github.com"


def test_commits_records_and_merges_are_of_the_accounts_that_made_them(world: World) -> None:
    world.model.add(_borrows_a_name(), judges())
    number = world.open_issue("The second pot is not counted")

    world.settle()

    branch, records = f"refs/pull/{world.pulls()[0]['number']}/head", f"refs/groundskeeper/project/{number}"
    assert _people(world, branch, records, "refs/groundskeeper/ledger", "refs/groundskeeper/writer-lock") == {_address(world, "worker")}
    assert world.git("log", "-1", "--format=%(trailers:key=Groundskeeper-Agent,valueonly)", branch) == "1"


def test_an_app_commits_as_its_bot_whose_number_only_github_knows(tmp_path: Path) -> None:
    with a_world(tmp_path, clock=CurrentClock(), staff=two_apps) as world:
        world.model.add(_borrows_a_name(), judges())
        number = world.open_issue("The second pot is not counted")

        world.settle()

        pull = f"refs/pull/{world.pulls()[0]['number']}/head"
        assert _people(world, pull, f"refs/groundskeeper/project/{number}") == {_address(world, "garden-worker[bot]")}
