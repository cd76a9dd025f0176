"""Runs in prepared environments, from the queue to the merge: what people are told when one cannot be made, and what a red base means."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.lifecycle.phase import Phase
from bot.core.money.ledger import settled, start_of_day
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, TextBlock, ToolResultBlock
from bot.core.runs.run import Ending
from bot.ports.environments import Prepared
from tests.world import Scene, Step, World, a_world, judges, step, writes

pytestmark = pytest.mark.sandboxed
_COMMON = "budget: {daily: 100, monthly: 1000, run: 1, review: 1}\nideation: {enabled: false}\n"


def config(environment: str, *, gates: str = "{test: 'cat tools/made'}", agents: int = 2) -> str:
    return f"agents: {agents}\n{_COMMON}gates: {gates}\nenvironment:\n{environment}"


def push(world: World, files: Mapping[str, str]) -> None:
    """By a person, onto the default branch."""
    tree = world.root / "anns"
    if not tree.exists():
        subprocess.run(["git", "clone", "-q", str(world.bare), str(tree)], check=True, capture_output=True)
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    for args in (["add", "-A"], ["commit", "-qm", "Mend the environment"], ["push", "-q", str(world.bare), "main"]):
        subprocess.run(["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *args], cwd=tree, check=True, capture_output=True)


def told(request: Request) -> str:
    return "\n".join(
        block.content if isinstance(block, ToolResultBlock) else block.text
        for message in request.messages
        for block in message.blocks
        if isinstance(block, ToolResultBlock | TextBlock)
    )


def test_a_project_is_worked_on_in_its_environment_and_nothing_of_that_is_merged(tmp_path: Path) -> None:
    setup = "  setup: ['mkdir tools; echo prepared > tools/made; echo home > ~/made']\n"
    scene = writes("pots.py", "def count():\n    return 2\n")
    with a_world(
        tmp_path, config=config(setup, gates="{test: 'cat tools/made ~/made && grep -q 2 pots.py'}"), scenes=[scene, judges()]
    ) as world:
        number = world.open_issue("Count both pots")

        world.settle()

        assert world.is_closed(number)
        assert world.git("ls-tree", "-r", "--name-only", "main").splitlines() == [".github/groundskeeper.yml", "README.md", "pots.py"]
        execution = world.record(number).runs[0]
        assert [(gate.gate, gate.passed, gate.output) for gate in execution.gates] == [("test", True, "prepared\nhome\n")]


def test_a_setup_that_needs_one_more_host_parks_everything_in_one_sentence_and_spends_nothing(tmp_path: Path) -> None:
    fetch = "python3 -c 'import urllib.request as u; u.urlopen(\"https://files.example.org/pots.tar.gz\")'"
    with a_world(tmp_path, config=config(f"  setup:\n    - >-\n      {fetch}\n", agents=1)) as world:
        first, second = world.open_issue("Count both pots"), world.open_issue("Paint the pots")

        for _ in range(4):
            world.tick()
            world.work()

        why = "The environment could not be prepared: setup wanted files.example.org: add it to `environment.network`."
        statuses = world.ticks[-1].plan.statuses
        assert [(statuses[number].phase, statuses[number].reason) for number in (first, second)] == [(Phase.PAUSED, why)] * 2
        assert [run.ending for run in world.record(first).runs] == [Ending.UNPREPARED]
        assert settled(world.ledger(), since=start_of_day(world.clock.now())) == 0
        assert "setup wanted files.example.org: add it to" in "".join(world.comments(first))


def test_a_missing_toolchain_is_one_sentence_and_spends_nothing(tmp_path: Path) -> None:
    steps = """
jobs:
  copilot-setup-steps:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-dotnet@v5
      - run: dotnet restore
"""
    files = {".github/workflows/copilot-setup-steps.yml": steps}
    with a_world(tmp_path, config=f"{_COMMON}gates: {{test: 'true'}}\n", files=files) as world:
        number = world.open_issue("Count both pots")

        world.tick()
        world.work()

        status = world.tick().plan.statuses[number]
        assert status.phase is Phase.PAUSED
        assert status.reason.startswith("`dotnet` is needed for .github/workflows/copilot-setup-steps.yml and not on the path of")
        assert settled(world.ledger(), since=start_of_day(world.clock.now())) == 0


def test_what_was_parked_goes_on_as_soon_as_the_base_is_mended_and_else_is_tried_again_after_an_hour(tmp_path: Path) -> None:
    with a_world(
        tmp_path, config=config("  setup: ['test -e mended && mkdir tools && touch tools/made']\n"), scenes=[writes("a", "b")]
    ) as world:
        number = world.open_issue("Count both pots")
        world.tick()
        world.work()
        assert world.tick().started == ()

        world.clock.wait(timedelta(minutes=61))
        assert len(world.tick().started) == 1
        world.work()
        assert [run.ending for run in world.record(number).runs] == [Ending.UNPREPARED] * 2

        push(world, {"mended": "now"})
        assert len(world.tick().started) == 1
        world.work()
        assert world.record(number).runs[-1].ending is Ending.FINISHED


def test_a_gate_that_is_red_on_the_base_is_told_and_not_held_against_the_work(tmp_path: Path) -> None:
    heard: list[str] = []

    def listen(request: Request) -> Step:
        heard.append(told(request))
        return step("bash", command="echo more >> README.md; git commit -qam 'Say more'")

    gates = "{lint: 'echo legacy.py is untidy; exit 1', test: 'grep -q more README.md'}"
    scene = Scene(role=Role.EXECUTION, steps=(listen, step("finish", report="Said more")))
    with a_world(tmp_path, config=config("  setup: ['true']\n", gates=gates), scenes=[scene], files={"legacy.py": "x=1"}) as world:
        number = world.open_issue("Say more")

        world.tick()
        world.work()

        run = world.record(number).runs[0]
        assert run.ending is Ending.FINISHED
        assert [(gate.gate, gate.passed, gate.known) for gate in run.gates] == [("lint", False, True), ("test", True, False)]
        assert "lint gate fails on the base already" in heard[0]
        assert "legacy.py is untidy" in heard[0]
        assert run.note == "Finished; gates passed: test; failing on the base already: lint."


def test_a_red_gate_counts_where_the_work_touches_what_it_names(tmp_path: Path) -> None:
    gates = "{lint: 'echo legacy.py is untidy; exit 1'}"
    edit = step("bash", command="echo y=2 >> legacy.py; git commit -qam 'Add y'")
    scene = Scene(role=Role.EXECUTION, steps=(edit, step("finish", report="Added y"), step("finish", report="It is untidy.", give_up=True)))
    with a_world(tmp_path, config=config("  setup: ['true']\n", gates=gates), scenes=[scene], files={"legacy.py": "x=1"}) as world:
        number = world.open_issue("Add y")

        world.tick()
        world.work()

        run = world.record(number).runs[0]
        assert run.ending is Ending.GAVE_UP
        assert [(gate.passed, gate.known) for gate in run.gates] == [(False, False)]


def test_the_base_is_judged_once_for_all_projects_on_it(tmp_path: Path) -> None:
    gates = "{test: 'test -e passes'}"
    scenes = [writes("passes", "1", any_number=True)]
    with a_world(tmp_path, config=config("  setup: ['true']\n", gates=gates, agents=1), scenes=scenes) as world:
        numbers = [world.open_issue("One"), world.open_issue("Two")]
        for _ in numbers:
            world.tick()
            world.work()
        kept = list((world.root / "home" / "layers" / "baselines").iterdir())

        assert len(kept) == 1
        assert '"passed": false' in kept[0].read_text()


def test_work_that_changes_the_lockfile_is_judged_with_what_that_installs(tmp_path: Path) -> None:
    environment = "  setup: ['mkdir -p tools; cp lock tools/made']\n  files: [lock]\n"
    scene = writes("lock", "two")
    with a_world(
        tmp_path, config=config(environment, gates="{test: 'grep two tools/made'}"), scenes=[scene], files={"lock": "one"}
    ) as world:
        number = world.open_issue("Use version two")

        world.tick()
        world.work()

        assert [(gate.passed, gate.output) for gate in world.record(number).runs[0].gates] == [(True, "two\n")]
        base = world.git("rev-parse", "main")
        with world.context.environments.prepared(base) as prepared:
            assert isinstance(prepared, Prepared)
            assert prepared.reused
