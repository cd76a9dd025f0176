"""A stranger's way with the bot: installed, found right, an issue labelled and merged by what `init` wrote, taken away again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.hub import seed
from bot.hub.actions import secrets
from bot.hub.changes import checks
from tests.actions.fleet import SCENARIO
from tests.actions.runner import Runner
from tests.entry.setup.conftest import NAME, SOURCE, Site

pytestmark = pytest.mark.timeout(1800)


def machines(site: Site, root: Path) -> Runner:
    """GitHub's runners as this repository has set them up: its workflow file, its variables, its secrets."""
    scenario = root / "scenario.yml"
    scenario.write_text(SCENARIO)
    seed.add_user(site.hub, "actions-read")
    seed.set_role(site.hub, NAME, "actions-read", "read")
    return Runner(
        place=root / "runner",
        repository=NAME,
        server=site.url.replace("127.0.0.1", "hub.localhost"),  # a host that the artifact actions take; git resolves it by itself
        api=f"{site.url}/api/v3",
        token=seed.add_token(site.hub, "actions-read"),
        secrets={},
        secrets_of=lambda environment, ref: secrets.given_to_job(site.hub, NAME, environment, ref=ref),
        variables={one["name"]: one["value"] for one in site.get(f"/repos/{NAME}/actions/variables")["variables"]},
        surroundings={"GROUNDSKEEPER_SCENARIO": str(scenario), "GROUNDSKEEPER_WRITE_PAUSE": "0"},
        workflow=site.checkout / ".github/workflows/groundskeeper.yml",
        hub=site.hub,
    )


def ci(site: Site) -> None:
    for pull in site.get(f"/repos/{NAME}/pulls"):
        head = pull["head"]["sha"]
        if not site.get(f"/repos/{NAME}/commits/{head}/check-runs?check_name=tests")["total_count"]:
            checks.report(site.hub, NAME, head, "tests", "success")


@pytest.mark.slow
def test_installed_labelled_merged_and_taken_away(site: Site, tmp_path: Path) -> None:
    keys = site.with_apps()
    (site.checkout / "pots.py").write_text("def count():\n    return 1\n")
    site.publish("Count pots")
    before = site.snapshot()

    made = site.shell("init", "--no-pull-request", "--yes", "--protect", "--source", SOURCE, **keys)
    site.publish("Let the bot in")
    tip = site.git("rev-parse", "HEAD").strip()
    checks.report(site.hub, NAME, tip, "tests", "success")
    looked = site.shell("doctor", "--json", *(() if shutil.which("bwrap") else ("--no-here",)), **keys)

    assert made.returncode == 0, made.stderr
    assert [row for row in json.loads(looked.stdout)["findings"] if row["state"] != "ok"] == []

    runner = machines(site, tmp_path)
    issue = site.send("POST", f"/repos/{NAME}/issues", {"title": "The second pot is not counted", "body": "- [ ] Both pots count"}).json()
    site.send("POST", f"/repos/{NAME}/issues/{issue['number']}/labels", {"labels": ["agent:ready"]})
    for _ in range(12):
        runner.fire("schedule", {"schedule": "7,19,31,43,55 * * * *"})
        runner.take_dispatches()
        ci(site)
        if site.get(f"/repos/{NAME}/issues/{issue['number']}")["state"] == "closed":
            break
    while runner.take_dispatches():
        pass
    said = "\n".join(runner.log[-8:])
    (listed,) = site.get(f"/repos/{NAME}/pulls?state=all")
    pull = site.get(listed["url"].removeprefix(site.url))
    row = {value["name"]: value for item in site.get("/orgs/garden/projectsV2/1/items") for value in item["fields"]}

    assert pull["merged_at"], said
    assert (pull["user"]["login"], pull["merged_by"]["login"]) == ("gk-worker[bot]", "gk-reviewer[bot]")
    assert row["Status"]["value"]["name"]["raw"] == "done"
    site.git("pull", "-q", "--rebase", "origin", "main")
    assert "return 2" in (site.checkout / "pots.py").read_text()

    removed = site.shell("uninstall", "--no-pull-request", "--yes")

    assert removed.returncode == 0, removed.stdout + removed.stderr
    site.publish("Let the bot go")
    after = site.snapshot()
    assert {**after, "refs": ""} == {**before, "refs": ""}
    refs = [line.split("\t")[1] for line in str(after["refs"]).splitlines()]
    assert [ref for ref in refs if not ref.startswith("refs/pull/")] == ["refs/heads/main"]  # those of pull requests are GitHub's own
