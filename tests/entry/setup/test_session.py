"""The whole way of a repository: nothing there, set up, everything green, taken away, nothing there."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bot.core.errors.user_errors import UserError
from bot.entry.setup import environment_secrets, files
from bot.entry.setup.step import State
from bot.hub.actions import secrets
from bot.hub.changes import boards
from bot.hub.web import faults
from tests.entry.setup.conftest import NAME, SOURCE, Site

ZIZMOR = Path(sys.executable).with_name("zizmor")


def report(site: Site, name: str = "tests") -> None:
    """A check of the repository's own, on the tip of its main branch."""
    tip = site.git("rev-parse", "HEAD").strip()
    assert site.send("POST", f"/repos/{NAME}/statuses/{tip}", {"state": "success", "context": name}).status_code == 201


def test_a_repository_is_set_up_found_right_and_left_as_it_was(site: Site) -> None:
    keys = site.with_apps()
    before = site.snapshot()

    made = site.shell("init", "--no-pull-request", "--yes", "--protect", "--agents", "2", "--source", SOURCE, **keys)
    site.publish("Let the bot in")
    report(site)
    looked = site.shell("doctor", "--json", *(() if shutil.which("bwrap") else ("--no-here",)), **keys)
    again = site.run("init", "--no-pull-request", "--yes", "--protect", "--source", SOURCE)
    site.git("push", "-q", "origin", "HEAD:refs/groundskeeper/ledger", "HEAD:refs/groundskeeper/project/1")
    removed = site.shell("uninstall", "--no-pull-request", "--yes")

    assert made.returncode == 0, made.stderr
    found = json.loads(looked.stdout)
    assert [row for row in found["findings"] if row["state"] != "ok"] == []
    assert looked.returncode == 0
    assert "Nothing is to do." in again.stdout
    assert removed.returncode == 0, removed.stdout + removed.stderr
    after = site.snapshot()
    site.publish("Let the bot go")
    assert {**after, "refs": ""} == {**before, "refs": ""}
    assert [line.split("\t")[1] for line in str(after["refs"]).splitlines()] == ["refs/heads/main"]
    assert not site.git("diff", "--stat", "HEAD~2").strip()


def test_what_init_made_is_what_it_said(site: Site) -> None:
    keys = site.with_users() | {"GROUNDSKEEPER_WORKER_APP_ID": "42"}

    assert site.run("init", "--no-pull-request", "--yes", "--agents", "3", "--source", SOURCE, **keys).exit_code == 0

    board = site.get("/orgs/garden/projectsV2/1")
    fields = {field["name"]: field for field in site.get("/orgs/garden/projectsV2/1/fields?per_page=100")}
    config = (site.checkout / ".github/groundskeeper.yml").read_text()

    assert board["title"] == f"Groundskeeper: {NAME}"
    assert {"Status", "Agent", "Progress", "Heartbeat", "Reason"} <= set(fields)
    assert [option["name"]["raw"] for option in fields["Status"]["options"]][:3] == ["needs-human", "proposed", "ready"]
    assert "\nagents: 3\n" in config
    assert "\nboard: 1\n" in config
    assert config.startswith("# yaml-language-server: $schema=https://raw.githubusercontent.com/keepers/groundskeeper/")
    for name, value in keys.items():
        if name.endswith("_APP_ID"):
            assert site.get(f"/repos/{NAME}/actions/variables/{name}")["value"] == value
        else:
            environment = environment_secrets.environment_of(name)
            assert secrets.given_to_job(site.hub, NAME, environment, ref="refs/heads/main")[name] == value
            with pytest.raises(ValueError, match="not allowed to deploy"):
                secrets.given_to_job(site.hub, NAME, environment, ref="refs/heads/somebodys")
    assert site.get(f"/repos/{NAME}/actions/secrets")["total_count"] == 0
    assert site.get(f"/repos/{NAME}/branches/main/protection")["message"] == "Branch not protected"


@pytest.mark.skipif(not ZIZMOR.exists(), reason="zizmor is not installed")
def test_the_written_workflow_is_pinned_and_clean(site: Site) -> None:
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE)
    workflow = site.checkout / ".github/workflows/groundskeeper.yml"

    checked = subprocess.run([ZIZMOR, "--offline", "--persona=regular", workflow], capture_output=True, text=True, check=False)

    assert workflow.read_text().count(f"uses: keepers/groundskeeper/.github/actions/install@{'a' * 40}") == 3
    assert "$/" not in workflow.read_text()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_dry_run_shows_all_and_changes_nothing(site: Site) -> None:
    before = site.snapshot()

    shown = site.run("init", "--no-pull-request", "--dry-run", "--source", SOURCE)
    gone = site.run("uninstall", "--dry-run")
    with pytest.raises(UserError, match="nobody can be asked here: say --yes to do it, or --dry-run to see it"):
        site.run("init", "--no-pull-request", "--source", SOURCE)

    assert site.snapshot() == before
    assert shown.exit_code == gone.exit_code == 0
    assert " + labels: make agent:ready" in shown.stdout
    assert "Nothing was changed." in shown.stdout


def test_peoples_own_labels_files_and_keys_are_left_as_they_are(site: Site) -> None:
    theirs = {"name": "agent:ready", "color": "123456", "description": "mine"}
    site.send("POST", f"/repos/{NAME}/labels", theirs)
    (site.checkout / ".github").mkdir()
    (site.checkout / ".github/groundskeeper.yml").write_text("agents: 4 # mine\n")

    made = site.run("init", "--no-pull-request", "--yes", "--agents", "2", "--source", SOURCE, ANTHROPIC_API_KEY="theirs")
    during = site.get(f"/repos/{NAME}/labels/agent%3Aready")
    removed = site.run("uninstall", "--yes")

    assert "you changed it, so it is left alone (--force writes it anew); add `agents: 2` and `board:` with the number" in made.stdout
    assert {key: during[key] for key in theirs} == theirs
    assert [label["name"] for label in site.get(f"/repos/{NAME}/labels")] == ["agent:ready"]
    assert (site.checkout / ".github/groundskeeper.yml").read_text() == "agents: 4 # mine\n"
    assert "you changed it and git does not have the change (--force removes it)" in removed.stdout


def test_a_second_init_shows_again_where_an_app_is_installed_that_nobody_saw_installed(site: Site) -> None:
    noted = {"name": "GROUNDSKEEPER_SETUP", "value": json.dumps({"uninstalled": ["gk-worker-garden"]})}
    assert site.send("POST", f"/repos/{NAME}/actions/variables", noted).is_success

    again = site.run("init", "--yes", "--no-board", "--no-browser", "--no-try", "--source", SOURCE)
    site.run("uninstall", "--yes")

    assert "gk-worker-garden was not seen installed when it was made. Unless it is by now:" in again.stdout
    assert f"{site.url}/apps/gk-worker-garden/installations/new/permissions?" in again.stdout
    assert site.get(f"/repos/{NAME}/actions/variables")["total_count"] == 0


def test_nothing_is_taken_away_under_a_bot_at_work(site: Site) -> None:
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE)
    site.publish("Let the bot in")
    before = site.snapshot()
    dispatch = f"/repos/{NAME}/actions/workflows/groundskeeper.yml/dispatches"
    assert site.send("POST", dispatch, {"ref": "main", "inputs": {"command": "tick"}}).is_success

    with pytest.raises(UserError, match=r"The bot is at work and would write again what is taken away: .*/actions/runs/1\. Cancel it"):
        site.run("uninstall", "--yes")

    assert site.snapshot() == before
    assert site.run("uninstall", "--yes", "--force").exit_code == 0


def test_unmerged_work_is_told_and_left_unless_it_is_asked_for(site: Site) -> None:
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE)
    site.git("push", "-q", "origin", "HEAD:refs/heads/agent-1/project-7")

    kept = site.run("uninstall", "--yes")
    there = site.get(f"/repos/{NAME}/git/matching-refs/heads/agent-")
    gone = site.run("uninstall", "--yes", "--branches")

    assert " ! branch agent-1/project-7: has work that nobody merged (no pull request), so it stays" in kept.stdout
    assert len(there) == 1
    assert gone.exit_code == 0
    assert site.get(f"/repos/{NAME}/git/matching-refs/heads/agent-") == []


def test_who_may_not_make_boards_goes_on_without_one(site: Site) -> None:
    made = site.run("init", "--no-pull-request", "--yes", "--board", "--source", SOURCE, GROUNDSKEEPER_BOARD_TOKEN="ghp_wrong")

    assert made.exit_code == 0, made.stderr
    assert "board" in made.stdout
    assert "GROUNDSKEEPER_BOARD_TOKEN" in made.stdout
    assert "\nboard: null\n" in (site.checkout / ".github/groundskeeper.yml").read_text()


def test_without_apps_their_links_are_shown_with_what_each_permission_is_for(site: Site) -> None:
    shown = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE).stdout

    link = f"{site.url}/organizations/garden/settings/apps/new?name=gk-worker-garden"
    assert link in shown
    assert "contents=write&issues=write&pull_requests=write&checks=read" in shown
    assert "    checks: write                 sets the check `groundskeeper/review`\n" in shown
    assert "    organization_projects: write  shows the work on the board\n" in shown
    assert "    --reviewer-app ID --reviewer-key FILE.pem\n" in shown
    assert " ! still missing: the worker: GROUNDSKEEPER_WORKER_APP_ID and GROUNDSKEEPER_WORKER_PRIVATE_KEY" in shown


def test_only_the_app_that_is_not_made_yet_is_asked_for(site: Site) -> None:
    keys = {name: value for name, value in site.with_apps().items() if "REVIEWER" not in name}

    shown = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE, **keys).stdout

    assert "The reviewer app: " in shown
    assert "The worker app: " not in shown


def test_a_file_that_holds_no_key_is_not_sealed(site: Site) -> None:
    readme = site.checkout / "README.md"

    with pytest.raises(UserError, match=f"^--worker-key {readme}: this is not an app's private key"):
        site.run("init", "--no-pull-request", "--yes", "--source", SOURCE, "--worker-app", "1", "--worker-key", str(readme))
    with pytest.raises(UserError, match=r"^GROUNDSKEEPER_REVIEWER_APP_ID: expected the app's id, a number"):
        site.run("init", "--no-pull-request", "--yes", "--source", SOURCE, GROUNDSKEEPER_REVIEWER_APP_ID="gk-reviewer")

    assert site.get(f"/repos/{NAME}/actions/secrets")["total_count"] == 0


def test_a_program_that_does_not_know_where_it_came_from_does_not_take_its_own_file_for_changed(site: Site) -> None:
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--agents", "2", "--source", SOURCE)
    site.publish("Let the bot in")

    unknown = files.config_step(site.checkout, schema=files.UNKNOWN_SCHEMA, agents=None)
    other = files.config_step(site.checkout, schema="https://example.org/schema.json", agents=None)

    assert unknown.state is State.DONE
    assert other.state is State.TO_DO


def test_what_failed_in_the_middle_is_done_the_next_time_and_leaves_nothing_either(site: Site) -> None:
    before = site.snapshot()
    faults.fail_next(site.hub, "POST", "/labels", 403, message="No")
    faults.fail_next(site.hub, "POST", "/views", 500)
    faults.fail_next(site.hub, "PUT", "/environments/groundskeeper-agent/secrets", 502)

    first = site.run("init", "--no-pull-request", "--yes", "--source", SOURCE, ANTHROPIC_API_KEY="mine")
    second = site.run("init", "--no-pull-request", "--yes", "--source", SOURCE, ANTHROPIC_API_KEY="mine")
    faults.fail_next(site.hub, "DELETE", "/environments/groundskeeper-agent", 502)
    third = site.run("uninstall", "--yes")
    fourth = site.run("uninstall", "--yes")

    assert first.exit_code == 1
    assert "labels failed: GitHub says 403, No." in first.output
    assert second.exit_code == 0
    assert third.exit_code == 1
    assert fourth.exit_code == 0
    assert site.snapshot() == before


@pytest.mark.parametrize("what", ["variables", "secrets"])
def test_where_only_the_settings_of_actions_cannot_be_seen_the_name_is_not_doubted(site: Site, what: str) -> None:
    faults.fail_next(site.hub, "GET", f"/actions/{what}", 404, message="Not Found", times=9)

    with pytest.raises(UserError) as told:
        site.run("init", "--no-pull-request", "--source", SOURCE, "--yes")

    assert f"{NAME} on {site.url} is there, but its Actions {what} are not" in str(told.value)
    assert "Is the name right" not in str(told.value)


def test_on_a_terminal_it_says_its_defaults_asks_once_and_no_means_no(site: Site) -> None:
    before = site.snapshot()

    said = on_a_terminal(site, ["init", "--no-browser", "--source", SOURCE], answers=["n"])
    defaults = " ".join(said.split())

    assert "One agent works at a time (`--agents`). At most $10 a day and $100 a month (`budget:`)." in defaults
    assert "It merges by itself (squash) what its reviewer approved" in defaults
    assert said.endswith("Do it? [y/N]: Nothing was changed.\n")
    assert site.snapshot() == before


def on_a_terminal(site: Site, args: list[str], *, answers: list[str]) -> str:
    """All that a person sees; their typing is echoed first, since they type ahead."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bot.entry.cli", *args]
    process = subprocess.Popen(command, env=site.environment, cwd=site.checkout, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    seen = b""
    with suppress(OSError):  # which is how a terminal says that nobody is there any more
        while part := os.read(ours, 4096):
            seen += part
    process.wait()
    os.close(ours)
    return seen.decode().replace("\r\n", "\n")


def test_a_board_of_somebodys_own_is_neither_changed_nor_removed(site: Site) -> None:
    boards.add_board(site.hub, "garden", "Plans", fields={"Agent": "text"})
    before = site.snapshot()
    (site.checkout / ".github").mkdir()
    (site.checkout / ".github/groundskeeper.yml").write_text("board: 1\n")

    made = site.run("init", "--no-pull-request", "--yes", "--board", "--source", SOURCE)
    (site.checkout / ".github/groundskeeper.yml").unlink()
    site.run("uninstall", "--yes")

    assert " ! board 1: it is yours, so it stays as it is; the bot fills what it finds, and lacks Status, Role" in made.stdout
    assert site.snapshot() == before


def test_a_board_that_somebody_deleted_is_made_anew(site: Site) -> None:
    assert site.run("init", "--no-pull-request", "--yes", "--source", SOURCE).exit_code == 0
    found = {"query": '{ organization(login: "garden") { projectV2(number: 1) { id } } }'}
    number = site.send("POST", "/graphql", found).json()["data"]["organization"]["projectV2"]["id"]
    gone = {"query": "mutation($id: ID!) { deleteProjectV2(input: {projectId: $id}) { clientMutationId } }", "variables": {"id": number}}
    assert "errors" not in site.send("POST", "/graphql", gone).json()

    again = site.run("init", "--no-pull-request", "--yes", "--source", SOURCE)
    removed = site.run("uninstall", "--yes")

    assert again.exit_code == removed.exit_code == 0
    assert "board 'Groundskeeper: garden/pots': made and linked to the repository" in again.stdout
    assert site.get("/orgs/garden/projectsV2") == []
    assert site.get(f"/repos/{NAME}/actions/variables")["total_count"] == 0


def test_where_github_gives_no_environments_keys_are_plain_and_it_is_said(site: Site) -> None:
    for _ in range(2):
        faults.fail_next(site.hub, "PUT", "/environments/groundskeeper", 422, message="Not on this plan")

    made = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE, **site.with_apps())

    assert made.exit_code == 0, made.output
    assert "This repository has no environments (GitHub says 422, Not on this plan)" in made.output
    listed = {one["name"] for one in site.get(f"/repos/{NAME}/actions/secrets")["secrets"]}
    assert listed == {"ANTHROPIC_API_KEY", "GROUNDSKEEPER_WORKER_PRIVATE_KEY", "GROUNDSKEEPER_REVIEWER_PRIVATE_KEY"}


def test_a_key_is_not_sealed_where_its_environment_could_not_be_limited(site: Site) -> None:
    """Whatever else failed, no key comes to lie open to every branch without a word."""
    faults.fail_next(site.hub, "POST", "/deployment-branch-policies", 502)

    made = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE, ANTHROPIC_API_KEY="mine")

    assert made.exit_code == 1
    assert "is not limited to main yet, so nothing is sealed in it; run this again" in made.output
    assert site.get(f"/repos/{NAME}/actions/secrets")["total_count"] == 0
    assert site.get(f"/repos/{NAME}/environments/groundskeeper-agent/secrets")["total_count"] == 0


def test_keys_that_lay_open_to_every_branch_are_moved_when_they_are_given_again(site: Site) -> None:
    keys = site.with_apps()
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--plain-secrets", "--source", SOURCE, **keys)
    before = site.get(f"/repos/{NAME}/actions/secrets")["total_count"]

    seen = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE)
    site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE, **keys)

    assert before == 3
    assert "every branch's workflow can read it: give it once more" in seen.stdout
    assert site.get(f"/repos/{NAME}/actions/secrets")["total_count"] == 0
