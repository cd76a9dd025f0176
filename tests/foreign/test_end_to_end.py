"""The main job on foreign code: an issue about a true bug becomes a merged fix, seen on the merged main itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.roles import Role
from tests.foreign.cases import CASES, Case
from tests.foreign.running import Result, run_reproduction, run_suite
from tests.world import CONFIG, Scene, a_world, step

Published = Callable[[Case], Path]
_OWN = ".github/groundskeeper.yml"


def as_text(tree: Path) -> dict[str, str]:
    """The package's files as a repository has them; the few that are no text are of no use to its tests."""
    found = {}
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            try:
                found[str(path.relative_to(tree))] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def mends(case: Case) -> Scene:
    """The agent's real edits, the test that it adds, one commit."""
    edits = [step("edit", do="replace", path=edit.path, old=edit.old, new=edit.new) for edit in case.edits]
    added = step("edit", do="create", path=case.test_path, new=case.test_code)
    commit = step("bash", command=f"git add -A && git commit -qm '{case.commit}' && git log --oneline -1")
    return Scene(role=Role.EXECUTION, steps=(*edits, added, commit, step("finish", report=case.commit)))


def approves(case: Case) -> Scene:
    judged = [{"criterion": f"C{place}", "met": True, "evidence": words} for place, words in enumerate(case.evidence, 1)]
    answer = step("verdict", approve=True, summary="The bug is gone and a test shows it.", judgements=judged)
    return Scene(role=Role.REVIEW, steps=(step("bash", command=f"ls {case.test_path}"), answer))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_issue_about_a_published_package_becomes_a_merged_fix(case: Case, published: Published, tmp_path: Path) -> None:
    before = published(case)
    assert run_reproduction(case, before).exit_code != 0
    passed_before = {name for name, result in run_suite(case, before).items() if result is Result.PASSED}
    files = as_text(before)

    with a_world(tmp_path / "world", files={**files, _OWN: CONFIG}, scenes=(mends(case), approves(case))) as world:
        number = world.open_issue(case.title, body=case.body)
        world.settle()
        merged = tmp_path / "merged"
        subprocess.run(["git", "clone", "-q", str(world.bare), str(merged)], check=True, capture_output=True)
        (pull,) = world.pulls()
        assert pull["merged_at"]
        assert world.is_closed(number)

    assert run_reproduction(case, merged).exit_code == 0
    after = run_suite(case, merged)
    assert passed_before <= {name for name, result in after.items() if result is Result.PASSED}
    assert any(Path(case.test_path).stem in name for name in after)
