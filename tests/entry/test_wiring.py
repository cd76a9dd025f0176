"""What the environment says about limits, and that two processes of one machine keep them together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from bot.adapters.github.limits import GITHUB
from bot.core.errors.user_errors import UserError
from bot.entry.wiring import Wired, from_environment, wire
from bot.ports import GitHubError
from tests.world import World, a_world


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("GROUNDSKEEPER_STATE", "GROUNDSKEEPER_RUNNERS", "GROUNDSKEEPER_WORKER_APP_ID", "GROUNDSKEEPER_WORKER_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GROUNDSKEEPER_REPOSITORY", "garden/pots")
    monkeypatch.setenv("GROUNDSKEEPER_WORKER_TOKEN", "ghp_x")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return monkeypatch


def test_one_machine_has_all_of_githubs_limits_and_counts_in_one_file(surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = from_environment(tmp_path / "home")

    assert settings.limits == GITHUB
    assert settings.shared == tmp_path / "groundskeeper" / "github-limits.sqlite3"


def test_each_of_several_machines_has_its_share(surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    surroundings.setenv("GROUNDSKEEPER_RUNNERS", "4")

    assert from_environment(tmp_path).limits.share == Fraction(1, 4)


@pytest.mark.parametrize("said", ["0", "21", "many", "1.5"])
def test_a_number_of_machines_that_is_none_names_the_variable(surroundings: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    surroundings.setenv("GROUNDSKEEPER_RUNNERS", said)

    with pytest.raises(UserError, match=f"GROUNDSKEEPER_RUNNERS: .*found '{said}'"):
        from_environment(tmp_path)


def test_what_github_said_to_one_process_the_other_knows(tmp_path: Path) -> None:
    with a_world(tmp_path / "world") as world:
        one, other = (wired(world, tmp_path / name, tmp_path / "book.sqlite3") for name in ("one", "other"))
        one.governor.silence("worker", None)
        before = requests(world)

        with pytest.raises(GitHubError, match="GitHub asked worker to wait until 09:01:00 UTC"):
            other.worker.rest("GET", "issues")
        assert requests(world) == before


def wired(world: World, home: Path, book: Path) -> Wired:
    return wire(replace(world.settings, home=home, shared=book), model=world.model, clock=world.clock)


def requests(world: World) -> int:
    return int(world.hub.db().execute("select count(*) from requests").fetchone()[0])
