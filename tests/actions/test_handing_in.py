"""What a job hands in counts for its own run alone."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.artifacts import read_bundle, write_bundle
from bot.core.runs.run import Bundle, Ending
from bot.entry.actions.publishing import handed_in
from tests.actions.runner import WORKFLOW, read


def test_a_bundle_that_another_job_put_into_its_artifact_is_not_read(tmp_path: Path) -> None:
    mine, theirs = (Bundle(run=run, ending=Ending.FINISHED, note="") for run in ("1-a", "2-b"))
    for artifact, bundle in (("1-a", mine), ("2-b", theirs), ("2-b", mine)):
        write_bundle(tmp_path / f"groundskeeper-bundle-{artifact}", bundle)

    assert read_bundle(handed_in(tmp_path, "1-a")) == mine
    assert handed_in(tmp_path, "1-a").parent != handed_in(tmp_path, "2-b").parent
    assert not handed_in(tmp_path, "3-c").exists()


def test_the_workflow_keeps_each_artifact_apart_and_names_it_by_its_run() -> None:
    steps = [step for job in read(WORKFLOW)["jobs"].values() for step in job["steps"]]
    (upload,) = [step["with"] for step in steps if step["name"] == "Hand in what was done"]
    (download,) = [step["with"] for step in steps if step["name"] == "Fetch what was handed in"]

    assert upload["name"] == "groundskeeper-bundle-${{ matrix.run }}"
    assert download["pattern"] == "groundskeeper-bundle-*"
    assert not download.get("merge-multiple")
