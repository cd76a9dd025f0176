"""The onboarding pull request: what it says follows from the configuration, and doing it again changes the same one."""

from __future__ import annotations

import pytest

from bot.entry.config import parse
from bot.entry.setup.onboarding_text import FoundCommand, onboarding_text
from bot.hub.web import faults
from tests.entry.setup.conftest import NAME, SOURCE, Site


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{}", "At most $10 a day and $100 a month"),
        ("budget: {daily: 2.5}", "At most $2.50 a day"),
        ("{}", "It merges by itself (squash) what its reviewer approved, once at least one check has reported and all are green."),
        ("checks: [unit]", "once unit are green"),
        ("merge: {enabled: false}", "It never merges by itself."),
        ("ideation: {enabled: false}", "It proposes nothing of its own."),
        ("ideation: {queue: validated}", "is queued at once where it is found valid"),
        ("agents: 3", "3 agents work at a time."),
    ],
)
def test_what_it_says_is_what_is_configured(config: str, said: str) -> None:
    assert said in onboarding_text(parse(config), commands=(), missing=())


def test_results_and_strange_commands_stay_in_their_cells() -> None:
    rows = (
        FoundCommand(what="test", command="a | b\n`c`", result="passed in 3 s"),
        FoundCommand(what="lint", command="ruff check ."),
    )

    text = onboarding_text(parse("{}"), commands=rows, missing=("the reviewer",))

    assert "| test | <code>a &#124; b &#96;c&#96;</code> | passed in 3 s |" in text
    assert "| lint | `ruff check .` | not run yet |" in text
    assert "**Not ready yet**, the bot cannot work without:\n\n- the reviewer\n" in text


def test_a_second_init_keeps_to_the_same_pull_request_and_a_merged_one_is_enough(site: Site) -> None:
    first = site.run("init", "--yes", "--no-board", "--source", SOURCE)
    second = site.run("init", "--yes", "--no-board", "--agents", "2", "--source", SOURCE)
    (pull,) = site.get(f"/repos/{NAME}/pulls?state=all")

    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert pull["title"] == "Let Groundskeeper in"
    assert "2 agents work at a time" in pull["body"]
    assert "ANTHROPIC_API_KEY, which pays for the model" in pull["body"]
    assert site.git("status", "--porcelain") == ""
    assert site.send("PUT", f"/repos/{NAME}/pulls/{pull['number']}/merge", {}).status_code == 200
    third = site.run("init", "--yes", "--no-board", "--source", SOURCE)
    assert "both files are on main as they would be written" in third.stdout
    assert len(site.get(f"/repos/{NAME}/pulls?state=all")) == 1


def test_what_a_person_has_on_the_default_branch_is_not_written_over(site: Site) -> None:
    (site.checkout / ".github").mkdir()
    (site.checkout / ".github/groundskeeper.yml").write_text("agents: 4 # mine\n")
    site.publish("Configure")

    site.run("init", "--yes", "--no-board", "--source", SOURCE)

    (pull,) = site.get(f"/repos/{NAME}/pulls")
    assert [one["filename"] for one in site.get(f"/repos/{NAME}/pulls/{pull['number']}/files")] == [".github/workflows/groundskeeper.yml"]
    assert "4 agents work at a time" in pull["body"]


def test_uninstall_closes_it_where_nobody_merged_it(site: Site) -> None:
    before = site.snapshot()
    site.run("init", "--yes", "--no-board", "--source", SOURCE)
    site.run("uninstall", "--yes")
    (closed,) = site.get(f"/repos/{NAME}/pulls?state=all")

    assert closed["state"] == "closed"
    assert {**site.snapshot(), "refs": ""} == {**before, "refs": ""}


def test_uninstall_opens_a_pull_request_that_takes_out_what_is_on_the_default_branch(site: Site) -> None:
    before = site.snapshot()
    site.run("init", "--yes", "--no-board", "--source", SOURCE)
    (brought,) = site.get(f"/repos/{NAME}/pulls")
    site.send("PUT", f"/repos/{NAME}/pulls/{brought['number']}/merge", {})

    first = site.run("uninstall", "--yes")
    again = site.run("uninstall", "--yes")
    (pull,) = site.get(f"/repos/{NAME}/pulls")

    assert pull["title"] == "Take Groundskeeper out"
    files = site.get(f"/repos/{NAME}/pulls/{pull['number']}/files")
    assert {(one["filename"], one["status"]) for one in files} == {
        (".github/groundskeeper.yml", "removed"),
        (".github/workflows/groundskeeper.yml", "removed"),
    }
    for done in (first, again):
        assert done.exit_code == 0, done.output
        assert f"Merge this to take its files out: {site.url}/{NAME}/pull/{pull['number']}" in done.stdout
    assert site.git("status", "--porcelain") == ""

    site.send("PUT", f"/repos/{NAME}/pulls/{pull['number']}/merge", {})
    last = site.run("uninstall", "--yes")
    assert "Merge this" not in last.stdout
    assert {**site.snapshot(), "refs": ""} == {**before, "refs": ""}
    assert [ref["ref"] for ref in site.get(f"/repos/{NAME}/git/matching-refs/heads/groundskeeper/")] == []


def test_a_token_that_may_not_write_workflows_is_told_the_way_round(site: Site) -> None:
    faults.fail_next(site.hub, "POST", "/git/trees", 404, message="Not Found")

    made = site.run("init", "--yes", "--no-board", "--source", SOURCE)

    assert made.exit_code == 1
    assert "GH_TOKEN needs `workflow` beside `repo`; or --no-pull-request writes the files into the checkout" in made.output
