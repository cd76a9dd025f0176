"""The main job on packages that need something installed: detected, prepared, mended, judged by their own tests, merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.scripted import Scene, Step, step
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, ToolResultBlock
from bot.ports.environments import Prepared
from tests.foreign.dependent import DEPENDENT
from tests.foreign.dependent.case import Dependent
from tests.foreign.fetch import texts
from tests.world import World, a_world

pytestmark = [pytest.mark.sandboxed, pytest.mark.slow, pytest.mark.timeout(600)]
_CONFIG = 'budget: {daily: 100, monthly: 1000, run: 1, review: 1}\nideation: {enabled: false}\nkeep_apart: false\nchecks: ["unit tests"]\n'


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=one.name, marks=pytest.mark.soak if one.name in ("libcbor", "bl") else ()) for one in DEPENDENT]
)
def test_a_package_with_dependencies_is_mended_and_merged_without_configuration(
    one: Dependent, package: Callable[[Dependent], Path], tmp_path: Path
) -> None:
    tree = package(one)
    with a_world(tmp_path / "world", files=texts(tree), config=_CONFIG + one.config, scenes=_scenes(one)) as world:
        base = world.git("rev-parse", "main")
        first = _prepared(world, base)
        second = _prepared(world, base)
        number = world.open_issue(one.title, body=one.body)
        world.settle()
        (pull,) = world.pulls()
        execution = world.record(number).runs[0]
        before = world.context.environments.baseline(base)
        changed = world.git("diff", "--name-only", base, "main").splitlines()

        assert all(wanted in made for wanted, made in zip(one.setup, _commands(first), strict=True)), _commands(first)
        assert first.environment.packages == one.packages
        assert tuple(service.name for service in first.environment.services) == one.services
        assert pull["merged_at"], world.comments(number)
        assert before, "its own tests ran before"
        assert all(gate.passed for gate in before), before
        assert {gate.gate for gate in execution.gates} >= {"test"}
        assert all(gate.passed for gate in execution.gates), execution.gates
        assert set(changed) == {*(edit.path for edit in one.edits), one.test_path}
        assert second.reused


def _prepared(world: World, base: str) -> Prepared:
    with world.context.environments.prepared(base) as prepared:
        assert isinstance(prepared, Prepared), prepared
        return prepared


def _commands(prepared: Prepared) -> list[str]:
    return [command.replace("--quiet ", "") for command in prepared.environment.setup]


def _scenes(one: Dependent) -> tuple[Scene, Scene]:
    def mend(request: Request) -> Step:
        if not _failed(request):
            return step("finish", report="The bug does not show itself here.", give_up=True)
        edits = tuple(("edit", {"do": "replace", "path": edit.path, "old": edit.old, "new": edit.new}) for edit in one.edits)
        test = ("bash", {"command": f"cat >> {one.test_path} <<'TEST'\n{one.test_code}TEST\n"})
        return Step(say="It is as the issue says.", calls=(*edits, test))

    def judge(request: Request) -> Step:
        good = not _failed(request)
        judgements = [{"criterion": f"C{place}", "met": good, "evidence": "The program of the issue ends well."} for place in (1, 2)]
        return step("verdict", approve=good, summary="The bug is gone." if good else "It is not gone.", judgements=judgements, findings=[])

    saved = step("bash", command=f"set -e\n{one.reproduction}git add -A\ngit commit -qm '{one.commit}'")
    execution = (step("bash", command=one.reproduction), mend, saved, step("finish", report=one.commit))
    return (
        Scene(role=Role.EXECUTION, steps=execution),
        Scene(role=Role.REVIEW, steps=(step("bash", command=one.reproduction), judge)),
    )


def _failed(request: Request) -> bool:
    return any(isinstance(block, ToolResultBlock) and block.is_error for block in request.messages[-1].blocks)
