"""The main job on foreign code: an issue about a true bug becomes a reviewed, merged change, and the package works as it did."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.hub.changes import checks
from tests.foreign.cases import CASES, Case
from tests.foreign.fetch import texts
from tests.foreign.running import Result, run_reproduction, run_suite, suite_command
from tests.foreign.scenes import scenes
from tests.world import FULL_NAME, World, a_world

_CI = "unit tests"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_bot_mends_a_published_package_and_merges_it(case: Case, published: Callable[[Case], Path], tmp_path: Path) -> None:
    tree = published(case)
    assert run_reproduction(case, tree).exit_code == 1
    before = run_suite(case, tree)
    with a_world(tmp_path / "world", files=texts(tree), config=_config(case), scenes=scenes(case)) as world:
        number = world.open_issue(case.title, body=case.body)
        _settle(world, case)
        (pull,) = world.pulls()
        states = [review["state"] for review in world.api("ann", "GET", f"pulls/{pull['number']}/reviews")]
        merged = _checkout(world, "main", tmp_path / "merged")

        assert pull["merged_at"], world.comments(number)
        assert states == ["APPROVED"]
        assert world.is_closed(number)
        assert case.commit in world.git("log", "--format=%B", f"refs/pull/{pull['number']}/head")
        assert run_reproduction(case, merged).exit_code == 0
        assert before.items() <= run_suite(case, merged).items()


def _config(case: Case) -> str:
    return (
        "budget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}\n"
        f'checks: ["{_CI}"]\nideation: {{enabled: false}}\ngates:\n  test: {json.dumps(suite_command(case))}\n'
    )


def _settle(world: World, case: Case) -> None:
    """Ticks and works until nothing moves, and does what CI would: runs the package's tests on each head, and reports what they said."""
    for _ in range(20):
        moved = world.tick().moved
        worked = world.work()
        checked = [_ci(world, case, pull["head"]["sha"]) for pull in world.pulls("open")]
        if not (moved or worked or any(checked)):
            return
    raise AssertionError(f"still moving: {[one.summary for one in world.ticks[-1].applied]}")


def _ci(world: World, case: Case, head: str) -> bool:
    if world.api("ann", "GET", f"commits/{head}/check-runs?check_name={_CI}")["total_count"]:
        return False
    tree = _checkout(world, head, world.root / "ci")
    failed = sorted(name for name, result in run_suite(case, tree).items() if result is Result.FAILED)
    shutil.rmtree(tree)
    checks.report(world.hub, FULL_NAME, head, _CI, "failure" if failed else "success", log="\n".join(failed))
    return True


def _checkout(world: World, revision: str, into: Path) -> Path:
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(world.bare), str(into)], check=True, capture_output=True)
    subprocess.run(["git", "checkout", "-q", "--detach", revision], cwd=into, check=True, capture_output=True)
    return into
