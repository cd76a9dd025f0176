"""The shipped workflow, step by step, on the embedded GitHub: the YAML itself is on trial, not only the Python behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.fleet import done, fleet
from tests.actions.runner import scripts

pytestmark = pytest.mark.timeout(300)


def test_the_whole_life_of_a_project_through_the_workflows_own_steps(tmp_path: Path) -> None:
    with fleet(tmp_path) as here:
        number = here.world.open_issue("The second pot is not counted")

        for _ in range(8):
            for event, payload in here.events():
                here.runner.fire(event, payload)
            here.ci()
            if here.merged():
                break
            here.schedule()
        here.schedule()

        done(here, number)
        assert here.runner.executed == scripts()
        assert not [line for line in here.runner.log if "Traceback" in line], here.told()
