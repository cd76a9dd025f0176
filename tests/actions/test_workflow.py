"""The shipped workflow, step by step, on the embedded GitHub: the YAML itself is on trial, not only the Python behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.runs.run import Ending
from bot.entry.github_hosts import keeps_artifacts
from bot.hub import seed
from bot.hub.actions import runs
from tests.actions.fleet import SCENARIO, done, fleet
from tests.actions.runner import WORKFLOW, scripts
from tests.world import FULL_NAME

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.slow
def test_the_whole_life_of_a_project_through_the_workflows_own_steps(tmp_path: Path) -> None:
    with fleet(tmp_path) as here:
        here.runner.installed = {}
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
        assert here.runner.executed == {(file, name) for file, name in scripts() if name != "Look on the default branch"}
        assert not [line for line in here.runner.log if "Traceback" in line], here.told()


@pytest.mark.slow
def test_what_people_order_on_the_workflows_page(tmp_path: Path) -> None:
    with fleet(tmp_path, config="agents: 1\nideation: {enabled: false}\n") as here:
        number = here.world.open_issue("The second pot is not counted")

        assert "Stopped." in here.order(command="stop", reason="bill looks wrong")
        assert "stopped by ann: bill looks wrong" in here.order(command="why", project=f"#{number}")
        assert "`why` needs the number of an issue as `project`, as in 42; it has `x`" in here.order(command="why", project="x")
        assert "Paused agent 1: it loops" in here.order(command="stop", agent="1", reason="it loops")
        assert "There is no agent `7` here" in here.order(command="stop", agent="7")
        assert "Started again. The next tick goes on where it was. Still paused: agent 1." in here.order(command="start")
        assert "agent 1 is paused by ann" in here.order(command="why", project=str(number))
        assert here.world.refs().records.get(number) is None

        ref = "refs/groundskeeper/project/77"
        here.world.git("update-ref", ref, here.world.git("rev-parse", "main"))
        assert f"{ref} is not signed by the bot" in here.order(command="repair")
        assert "@ann does not administer the repository" in here.order(command="repair", project="77")
        assert [one.ref for one in here.world.refs().damage] == [ref]
        seed.set_role(here.world.hub, FULL_NAME, "ann", "admin")
        assert f"Repaired and signed: {ref}" in here.order(command="repair", project="77")
        assert here.world.refs().damage == ()

        here.runner.lose_jobs.add("agent")
        here.order(command="start", agent="1")
        (lost,) = here.world.record(number).runs

        assert lost.note == "Its job ended without handing anything in; its grant counts as spent"
        for _ in range(8):
            here.schedule()
            here.ci()
            if here.merged():
                break
        assert here.merged(), here.told()


SLOW = SCENARIO.replace(
    "    - finish: {report: Both pots are counted}\n",
    """    - bash: {command: "[ -e begun ] || { touch begun; sleep 600; }", timeout: 600}
    - finish: {report: Both pots are counted}
""",
)
"""Slow the first time only, and then for longer than anybody waits here: whoever goes on from what was handed in finds the file."""


@pytest.mark.slow
def test_a_cancelled_job_hands_in_what_it_has_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """The slow command is on its way when somebody presses *Cancel*."""
    with fleet(tmp_path, config="agents: 1\nideation: {enabled: false}\n", story=SLOW) as here:
        number = here.world.open_issue("The second pot is not counted")
        here.runner.cancels["agent"] = "step 2 of 100"

        here.schedule()
        (cancelled,) = here.world.record(number).runs
        for _ in range(8):
            here.schedule()
            here.ci()
            if here.merged():
                break

        assert (cancelled.ending, cancelled.note) == (Ending.STOPPED, "The job was cancelled; what was done is kept")
        assert "return 2" in here.world.git("show", f"{cancelled.head}:pots.py")
        done_runs = here.world.record(number).runs
        assert here.merged(), here.told()
        assert [run.ending for run in done_runs] == [Ending.STOPPED, Ending.FINISHED, Ending.FINISHED]


def test_a_persons_review_starts_the_workflow_on_the_default_branch_where_its_secrets_are(tmp_path: Path) -> None:
    """A review's own run is on the pull request's ref, to which the environments give nothing."""
    with fleet(tmp_path) as here:
        payload = {
            "action": "submitted",
            "review": {"author_association": "MEMBER"},
            "pull_request": {"number": 1, "head": {"repo": {"full_name": FULL_NAME}}},
            "repository": {"default_branch": "main"},
        }

        here.runner.fire("pull_request_review", payload)

        assert here.runner.executed == {(WORKFLOW.name, "Look on the default branch")}, here.told()
        (asked,) = runs.untaken(here.world.hub, FULL_NAME)
        assert (asked.workflow, asked.ref) == (WORKFLOW.name, "main")
        assert here.runner.take_dispatches() == 1
        assert "Look, decide, act" in here.told()


@pytest.mark.slow
def test_on_an_enterprise_server_nothing_is_started_that_would_be_lost(tmp_path: Path) -> None:
    with fleet(tmp_path, config="agents: 1\nideation: {enabled: false}\n") as here:
        number = here.world.open_issue("The second pot is not counted")
        here.runner.server = "https://github.example.com"

        refused = here.order(command="tick")

        assert "groundskeeper: Nothing was started: on https://github.example.com runs in Actions would be lost" in refused
        assert "`groundskeeper run`" in refused
        assert here.world.refs().records.get(number) is None
        assert "queued" in here.order(command="why", project=str(number))
        assert "Stopped." in here.order(command="stop", reason="not here")


@pytest.mark.parametrize(
    ("server", "keeps"),
    [
        ("https://github.com", True),
        ("https://garden.ghe.com", True),
        ("http://hub.localhost:8000", True),
        ("https://GitHub.com/", True),
        ("https://github.example.com", False),
        ("https://notghe.com", False),
        ("https://github.com.example.org", False),
        ("http://127.0.0.1:8000", False),
        ("", False),
    ],
)
def test_artifacts_are_kept_where_their_own_client_says_so(server: str, keeps: bool) -> None:
    """The same table as of the artifact client itself in tests/independent."""
    assert keeps_artifacts(server) is keeps
