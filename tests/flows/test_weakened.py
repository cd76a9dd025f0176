"""Work that weakens its own tests waits for a person, is shown with figures, and is judged by the base's definition of the gates."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.scripted import Scene, step
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, TextBlock
from tests.world import World, a_world, judges

_TESTS = "from pots import count\n\n\ndef test_count():\n    assert count() == 1\n    assert count() > 0\n"
_TAKES_OUT = "sed -i '/> 0/d' tests/test_pots.py && printf 'a' > a.txt && git add -A && git commit -qm 'Work'"


def _works(command: str, *more: str) -> Scene:
    last = [step(name, report="Did it") for name in ("finish",)]
    return Scene(
        role=Role.EXECUTION, steps=(step("bash", command=command), *last, *(step("finish", report=one, give_up=True) for one in more))
    )


def _approve(world: World, pull: int, by: str) -> None:
    head = world.pulls()[0]["head"]["sha"]
    world.api(by, "POST", f"pulls/{pull}/reviews", json={"event": "APPROVE", "commit_id": head, "body": ""})


def test_a_test_with_fewer_assertions_is_merged_only_when_a_person_says_so(tmp_path: Path) -> None:
    told: list[str] = []

    def listen(request: Request) -> object:
        told.append("".join(block.text for one in request.messages for block in one.blocks if isinstance(block, TextBlock)))
        return step(
            "verdict", approve=True, summary="Fine.", judgements=[{"criterion": "C1", "met": True, "evidence": "seen"}], findings=[]
        )

    scenes = [_works(_TAKES_OUT), Scene(role=Role.REVIEW, steps=(listen,))]  # type: ignore[arg-type]
    with a_world(tmp_path, files={"tests/test_pots.py": _TESTS}, scenes=scenes) as world:
        issue = world.open_issue("Add a")
        world.settle()

        line = "tests/test_pots.py: assertions removed, 2 before, 1 after (test_count)"
        assert world.phase_of(issue) is Phase.NEEDS_HUMAN
        assert line in world.pulls()[0]["body"].replace("\\", "").replace("`", "")
        assert line in told[0]
        assert world.pulls()[0]["state"] == "open"

        _approve(world, 2, by="eve")
        world.settle()
        assert world.phase_of(issue) is Phase.NEEDS_HUMAN, "somebody without write decides nothing"

        _approve(world, 2, by="ann")
        world.settle()
        assert world.pulls()[0]["merged_at"]


def test_what_the_issue_asks_for_by_name_is_merged_as_any_work(tmp_path: Path) -> None:
    with a_world(tmp_path, files={"tests/test_pots.py": _TESTS}, scenes=[_works(_TAKES_OUT), judges()]) as world:
        world.open_issue("Simplify tests/test_pots.py")

        world.settle()

        assert world.pulls()[0]["merged_at"]


def test_the_bases_makefile_judges_the_work_and_not_the_works_own(tmp_path: Path) -> None:
    budget = "budget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}"
    config = f"agents: 1\n{budget}\ngates: {{test: make test}}\nideation: {{enabled: false}}\n"
    makefile = "test:\n\tgrep -q 'return 1' pots.py\n"
    bend = (
        "printf 'test:\\n\\ttrue\\n' > Makefile && printf 'def count():\\n    return 2\\n' > pots.py && git add -A && git commit -qm 'Work'"
    )
    with a_world(tmp_path, files={"Makefile": makefile}, config=config, scenes=[_works(bend, "It does not pass")]) as world:
        issue = world.open_issue("Count")

        world.tick()
        world.work()

        (run,) = world.record(issue).runs
        assert [(gate.gate, gate.passed) for gate in run.gates] == [("test", False)]
        assert world.pulls() == []
