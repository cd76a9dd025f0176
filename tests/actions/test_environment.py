"""The agent's job with a repository that needs something installed: made in a step without a key, kept, and found again by the next run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.fleet import done, fleet
from tests.actions.runner import WORKFLOW, read, runner_caches

pytestmark = [pytest.mark.timeout(600), pytest.mark.sandboxed]
_CONFIG = """agents: 1
ideation: {enabled: false}
environment: {setup: ["echo $(date +%s%N) > made; ! env | grep -i -e key= -e token="], files: [README.md]}
gates: {test: "test -s made"}
"""


def test_the_step_that_prepares_knows_no_key_and_comes_before_the_one_that_does() -> None:
    steps = {step["name"]: step for step in read(WORKFLOW)["jobs"]["agent"]["steps"]}
    names = list(steps)

    assert names.index("Prepare the environment") < names.index("Work")
    assert set(steps["Prepare the environment"]["env"]) == {"RUN", "GITHUB_TOKEN"}
    assert "ANTHROPIC_API_KEY" in steps["Work"]["env"]
    assert all("secrets." not in str(step) for name, step in steps.items() if name != "Work")


@pytest.mark.slow
def test_the_first_run_makes_the_environment_and_the_next_finds_it(tmp_path: Path) -> None:
    with fleet(tmp_path, config=_CONFIG) as here:
        number = here.world.open_issue("The second pot is not counted")

        for _ in range(8):
            here.schedule()
            here.ci()
            if here.merged():
                break
        here.schedule()

        done(here, number)
        told = [line for line in here.runner.log if "the environment was prepared in" in line]
        assert "kept from before" not in told[0]
        assert all("kept from before" in line for line in told[1:])
        assert len(told) >= 2
        assert len(list(runner_caches(here.runner.place).iterdir())) == 1


@pytest.mark.slow
def test_an_environment_that_cannot_be_made_is_handed_in_and_the_model_is_not_asked(tmp_path: Path) -> None:
    config = _CONFIG.replace('["echo $(', '["exit 3; echo $(')
    with fleet(tmp_path, config=config) as here:
        number = here.world.open_issue("The second pot is not counted")

        here.schedule()

        (run,) = here.world.record(number).runs
        assert run.ending.value == "unprepared"
        assert run.note.startswith("The environment could not be prepared: `exit 3;")
        assert run.spent == 0
        assert not any("] Work:" in line for line in here.runner.log)
