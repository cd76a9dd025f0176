"""The shipped workflow in a foreign workflow engine, against the hub; and what that engine and GitHub's artifact client do not know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.actions.fleet import done, fleet
from tests.actions.runner import WORKFLOW
from tests.independent.act import OWN, edited, fire
from tests.independent.tools import ACT, HOME, NODE

CONFIG = (
    "agents: 1\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
)


@pytest.mark.timeout(1800)
def test_an_issue_becomes_a_merged_pull_request_by_plan_agent_and_publish(tmp_path: Path) -> None:
    with fleet(tmp_path, config=CONFIG) as here:
        number = here.world.open_issue("The second pot is not counted")
        schedule = {"schedule": "7,19,31,43,55 * * * *"}

        first = fire(here, "schedule", schedule)
        second = fire(here, "schedule", schedule)
        here.ci()
        third = fire(here, "schedule", schedule)
        here.schedule()

        done(here, number)
        for log, job in ((first, "Agent 1, execution of 1"), (third, "Agent 1, review of 1")):
            assert f"[Groundskeeper/{job}" in log
            assert log.count("🏁  Job succeeded") == 3, log[-8000:]
            assert log.count("Finished uploading artifact content to blob storage!") == 2
            assert log.count("Artifact download completed successfully.") == 3
        assert second.count("🏁  Job succeeded") == 1, "with nothing to run, agent and publish are skipped"


@pytest.mark.parametrize(
    ("known", "unknown", "said"),
    [
        ("      group: groundskeeper\n", "      group: groundskeeper\n      queue: max\n", "queue"),
        (
            f"uses: {OWN.repository}/.github/actions/install@{OWN.commit}",
            "uses: $/.github/actions/install",
            "Expected format {org}/{repo}[/path]@ref",
        ),
    ],
)
def test_what_act_does_not_know_is_why_it_reads_an_edited_copy(tmp_path: Path, known: str, unknown: str, said: str) -> None:
    """Where this fails, act has learnt it, and the copy needs one edit less."""
    fine = edited(WORKFLOW.read_text(encoding="utf-8"))
    assert known in fine

    assert said not in dry_run(tmp_path / "fine", fine)
    assert said in dry_run(tmp_path / "unknown", fine.replace(known, unknown))


def dry_run(place: Path, text: str) -> str:
    """What act says of a workflow when it would begin its first job."""
    place.mkdir()
    (place / "it.yml").write_text(text, encoding="utf-8")
    command = [
        str(ACT),
        "-n",
        "--action-offline-mode",
        "-P",
        "ubuntu-24.04=-self-hosted",
        "-j",
        "plan",
        "-C",
        str(place),
        "-W",
        "it.yml",
        "schedule",
    ]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place)}
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    ).stdout


@pytest.mark.parametrize(
    ("server", "refused"),
    [
        ("https://github.com", False),
        ("https://garden.ghe.com", False),
        ("http://hub.localhost:8000", False),
        ("https://github.example.com", True),
        ("http://127.0.0.1:8000", True),
    ],
)
def test_the_artifact_client_refuses_an_enterprise_server(tmp_path: Path, server: str, refused: bool) -> None:
    (tmp_path / "one.txt").write_text("1")
    environment = {
        "PATH": f"{NODE.parent}:/usr/bin:/bin",
        "GITHUB_SERVER_URL": server,
        "INPUT_NAME": "runs",
        "INPUT_PATH": str(tmp_path),
        "INPUT_IF-NO-FILES-FOUND": "warn",
        "INPUT_RETENTION-DAYS": "1",
    }
    command = [str(NODE), str(HOME / "artifacts.cjs")]

    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout

    assert ("are not currently supported on GHES" in said) is refused
    assert ("ACTIONS_RUNTIME_TOKEN" in said) is not refused, "it goes on, and asks for what a runner gives it"
