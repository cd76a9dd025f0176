"""What the doctor says of each precondition that does not hold, and that it never takes unseen for right."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors.user_errors import UserError
from bot.hub import seed
from bot.hub.changes import merge_queue
from bot.hub.rest.repositories import rulesets
from bot.hub.serve import serving
from bot.hub.web import faults
from bot.ports import GitHubError
from tests.entry.setup.conftest import NAME, SOURCE, Site

SETTINGS = f"/repos/{NAME}/actions/permissions"


def examined(site: Site, *args: str, **environment: str) -> dict[str, tuple[str, str, str]]:
    done = site.run("doctor", "--json", "--no-here", *args, **environment)
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (0 if report["healthy"] else 1)
    assert report["healthy"] is all(row["state"] == "ok" for row in report["findings"])
    return {row["name"]: (row["state"], row["found"], row["remedy"]) for row in report["findings"]}


def set_up(site: Site, *args: str, **keys: str) -> None:
    assert site.run("init", "--no-pull-request", "--yes", "--source", SOURCE, *args, **keys).exit_code == 0
    site.publish("Let the bot in")


def test_a_repository_where_nothing_is_set_up_is_told_what_to_do(site: Site) -> None:
    found = examined(site, "--api-url", f"{site.url}/api/v3")  # as GitHub Enterprise Server has it

    assert found["configuration"] == (
        "wrong",
        ".github/groundskeeper.yml is missing, so every option has its default",
        "Run `groundskeeper init`.",
    )
    assert found["workflow"][0] == "wrong"
    assert found["credentials"][0] == "wrong"
    assert found["labels"][:2] == ("wrong", found["labels"][1])
    assert found["checks"] == (
        "wrong",
        "no check has ever reported on main, so nothing would be merged",
        "Add a workflow that runs on `pull_request`, or name the checks of your CI as `checks:` in the configuration.",
    )
    assert found["worker"][0] == found["reviewer"][0] == "not seen"
    assert found["model"] == (
        "wrong",
        "there is no ANTHROPIC_API_KEY, here or in the repository",
        "Give it to `groundskeeper init`.",
    )
    assert found["clock"][0] == found["git"][0] == found["prices"][0] == "ok"


def test_files_that_wait_to_be_pushed_are_seen(site: Site) -> None:
    assert site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE).exit_code == 0

    found = examined(site)

    assert found["configuration"][1:] == (
        ".github/groundskeeper.yml is right, but not on main yet",
        "Commit it and push it to main.",
    )
    assert found["workflow"][1:] == (".github/workflows/groundskeeper.yml is not on main", "Commit it and push it to main.")


def test_what_somebody_changed_later_is_found(site: Site) -> None:
    set_up(site, **site.with_apps())
    site.send("DELETE", f"/repos/{NAME}/labels/agent%3Ahold", None)
    site.send("PUT", SETTINGS, {"enabled": True, "allowed_actions": "local_only"})
    site.send("PATCH", f"/repos/{NAME}", {"allow_squash_merge": False})
    reviews = {"required_approving_review_count": 2}
    rule = {"required_status_checks": {"strict": False, "contexts": ["unit"]}, "enforce_admins": False, "restrictions": None}
    assert site.send("PUT", f"/repos/{NAME}/branches/main/protection", rule | {"required_pull_request_reviews": reviews}).is_success
    workflow = site.checkout / ".github/workflows/groundskeeper.yml"
    workflow.write_text(workflow.read_text().replace("timeout-minutes: 30", "timeout-minutes: 3"))
    config = site.checkout / ".github/groundskeeper.yml"
    config.write_text(config.read_text().replace("checks: []", "checks: [build]").replace("execution: claude-sonnet-5-5", "execution: gpt"))
    site.publish("Change this and that")

    found = examined(site)

    assert found["labels"] == ("wrong", "missing: agent:hold", "Run `groundskeeper init`.")
    assert found["Actions"][1] == "only actions of this owner are allowed, and the workflow uses GitHub's own and Groundskeeper's"
    assert found["merge method"][1] == "squash is not allowed in this repository"
    assert found["branch protection"][1] == "2 approvals are required, and the reviewer gives one"
    assert found["checks"] == (
        "wrong",
        "main requires unit, which `checks:` does not name",
        "Add to `checks:` in the configuration: unit.",
    )
    assert found["workflow"][1] == ".github/workflows/groundskeeper.yml on main is not as it ships now"
    assert found["prices"][1] == "no price is known for gpt, so it is not used"
    assert found["worker"][1].startswith("secrets cannot be read back, and GROUNDSKEEPER_WORKER_TOKEN or GROUNDSKEEPER_WORKER_PRIVATE_KEY")
    assert found["model"][:2] == ("not seen", "the secret ANTHROPIC_API_KEY is set, but secrets cannot be read back")


def test_checks_that_would_run_an_agents_work_with_a_token_that_can_write_are_found(site: Site) -> None:
    assert examined(site)["workflow permissions"][0] == "ok"

    site.send("PUT", f"{SETTINGS}/workflow", {"default_workflow_permissions": "write"})

    state, told, remedy = examined(site)["workflow permissions"]
    assert state == "wrong"
    assert "before anybody reviewed it" in told
    assert remedy.startswith("Choose read")


RULESET: list[dict[str, Any]] = [
    {
        "type": "pull_request",
        "parameters": {
            "allowed_merge_methods": ["rebase", "merge"],
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": True,
            "require_last_push_approval": False,
            "required_approving_review_count": 3,
            "required_review_thread_resolution": True,
        },
    },
    {
        "type": "required_status_checks",
        "parameters": {"required_status_checks": [{"context": "unit"}], "strict_required_status_checks_policy": False},
    },
    {"type": "required_signatures"},
    {"type": "required_linear_history"},
    {"type": "update"},
]


def test_rulesets_are_seen_like_classic_protection(site: Site) -> None:
    set_up(site, "--no-board")
    rulesets.give(site.hub, NAME, "main", RULESET)

    rows = json.loads(site.run("doctor", "--json", "--no-here").stdout)["findings"]

    assert [(row["found"], row["remedy"]) for row in rows if row["name"] == "branch protection"] == [
        ("3 approvals are required, and the reviewer gives one", "Ask for one, or approve with it."),
        ("code owners must approve, and an app cannot be one", "Switch it off, or approve with it."),
        ("signed commits are required, and the bot's are not signed", "Switch it off."),
        (
            "every conversation must be resolved, and nobody but you resolves those that the reviewer begins on lines",
            "Switch it off, or resolve them when a pull request is approved.",
        ),
        ("nobody may update the branch, so nothing can be merged", "Unlock it, or let the reviewer's app pass the ruleset."),
        (
            "a ruleset does not allow to squash",
            "Allow it there, or write another `method:` below `merge:` in the configuration (merge, rebase).",
        ),
    ]
    assert [row["found"] for row in rows if row["name"] == "checks"] == ["merging waits for unit"]


def test_conversations_that_must_be_resolved_are_told_by_classic_protection_too(site: Site) -> None:
    rule = {"required_status_checks": None, "enforce_admins": False, "restrictions": None, "required_pull_request_reviews": None}
    assert site.send("PUT", f"/repos/{NAME}/branches/main/protection", rule | {"required_conversation_resolution": True}).is_success

    assert examined(site)["branch protection"][1].startswith("every conversation must be resolved")


def test_a_merge_queue_needs_checks_that_listen_to_it(site: Site) -> None:
    set_up(site, "--no-board")
    site.send("PATCH", f"/repos/{NAME}", {"allow_squash_merge": False})  # the queue has a method of its own
    merge_queue.require(site.hub, NAME, "main")
    seed.protect(site.hub, NAME, "main", required_checks=["unit", "groundskeeper/review"])
    other = examined(site)  # whose CI is not in Actions
    ci = site.checkout / ".github/workflows/ci.yml"
    ci.write_text("on: [pull_request]\njobs: {unit: {runs-on: x, steps: [{run: make}]}}\n")
    site.git("add", "-A")
    site.git("commit", "-qm", "CI")
    subprocess.run(["git", "push", "-q", str(site.bare), "HEAD:main"], cwd=site.checkout, check=True)
    deaf = examined(site)

    assert other["merge queue"] == (
        "ok",
        "main has one: it chooses the method, and the bot sets groundskeeper/review on its merges too",
        "",
    )
    assert "merge method" not in other
    assert deaf["required check"][:2] == ("ok", "main requires groundskeeper/review")
    assert deaf["merge queue"] == (
        "wrong",
        "main has one, and no workflow of yours listens to `merge_group`, so its checks never report there and nothing is merged",
        "Add `merge_group:` below `on:` in .github/workflows/ci.yml, wherever a required check comes from.",
    )


def test_switched_off_actions_and_a_disabled_workflow_are_found(site: Site) -> None:
    set_up(site, "--no-board")
    site.send("PUT", f"/repos/{NAME}/actions/workflows/groundskeeper.yml/disable", None)
    site.send("PUT", SETTINGS, {"enabled": False})

    found = examined(site)

    assert found["Actions"][:2] == ("wrong", "they are switched off for this repository")
    assert found["workflow state"] == (
        "wrong",
        "GitHub has switched it off (disabled_manually)",
        f"Enable it: gh workflow enable groundskeeper.yml --repo {NAME}",
    )


def test_a_mistake_in_the_configuration_is_told_with_its_line(site: Site) -> None:
    set_up(site, "--no-board")
    (site.checkout / ".github/groundskeeper.yml").write_text("agents: 2\nbuget:\n  daily: 3\n")

    found = examined(site)

    assert found["configuration"][1] == ".github/groundskeeper.yml, line 2: `buget` is not a known key; did you mean `budget`?"


def test_keys_in_the_environment_are_tried(site: Site) -> None:
    keys = site.with_apps()
    set_up(site, **keys)
    wrong_key = keys | {"ANTHROPIC_API_KEY": "stolen", "GROUNDSKEEPER_WORKER_PRIVATE_KEY": keys["GROUNDSKEEPER_REVIEWER_PRIVATE_KEY"]}
    poor = seed.add_app(site.hub, "poor", owner="garden", permissions={"contents": "read", "metadata": "read"})
    seed.install_app(site.hub, poor.id, "garden")
    lone = seed.add_app(site.hub, "lone", owner="garden", permissions={"contents": "read", "metadata": "read"})

    found = examined(site, **wrong_key)
    other = examined(
        site,
        GROUNDSKEEPER_WORKER_APP_ID=str(lone.id),
        GROUNDSKEEPER_WORKER_PRIVATE_KEY=lone.private_key_pem,
        GROUNDSKEEPER_REVIEWER_APP_ID=str(poor.id),
        GROUNDSKEEPER_REVIEWER_PRIVATE_KEY=poor.private_key_pem,
    )

    assert found["model"][1] == "the key is not taken (401)"
    assert found["worker"][0] == "wrong"
    assert "is not taken: GitHub says 401" in found["worker"][1]
    assert found["reviewer"][:2] == ("ok", "the app gk-reviewer is installed with what it needs")
    assert other["worker"] == ("wrong", f"app {lone.id} is not installed on {NAME}", "Install it from the app's page.")
    assert other["reviewer"][2] == (
        "Add to the app's permissions, and accept them where it is installed: contents: write, pull_requests: write, checks: write, "
        "statuses: write."
    )


def test_state_that_somebody_else_wrote_is_found_by_who_has_the_workers_key(site: Site) -> None:
    keys = site.with_apps()
    set_up(site, **keys)
    assert "state" not in examined(site, **keys)  # the bot never worked yet

    site.git("push", "-q", "origin", "HEAD:refs/groundskeeper/ledger", "HEAD:refs/groundskeeper/project/1")

    unseen, found = examined(site)["state"], examined(site, **keys)["state"]
    assert unseen[0] == "not seen"
    assert found[0] == "wrong"
    assert found[1].startswith("refs/groundskeeper/ledger is not signed by the bot")
    assert "refs/groundskeeper/project/1 is not signed by the bot" in found[1]
    assert "`groundskeeper repair`" in found[2]


def test_a_key_whose_line_breaks_were_lost_is_taken_and_what_is_none_is_refused(site: Site) -> None:
    keys = site.with_apps()
    keys["GROUNDSKEEPER_WORKER_PRIVATE_KEY"] = keys["GROUNDSKEEPER_WORKER_PRIVATE_KEY"].replace("\n", "\\n")
    keys["GROUNDSKEEPER_REVIEWER_PRIVATE_KEY"] = "reviewer.pem"

    found = examined(site, **keys)

    assert found["worker"][:2] == ("ok", "the app gk-worker is installed with what it needs")
    assert found["reviewer"][0] == "wrong"
    assert found["reviewer"][1].startswith("GROUNDSKEEPER_REVIEWER_PRIVATE_KEY: this is not an app's private key")


def test_a_repository_without_a_commit_is_told_so_and_no_more(site: Site) -> None:
    seed.add_repository(site.hub, "garden", "empty")
    seed.set_role(site.hub, "garden/empty", "ann", "admin")

    found = examined(site, "--repository", "garden/empty")
    begun = site.run("init", "--no-pull-request", "--dry-run", "--repository", "garden/empty", "--source", SOURCE)

    assert found["branch"] == (
        "wrong",
        "main, the default branch, is not there yet, and the bot works from it",
        "Push a first commit to main.",
    )
    assert not {"checks", "branch protection"} & set(found)
    assert " ! branch protection: there is no branch yet: push a first commit\n" in begun.stdout


def test_every_line_of_a_longer_finding_stands_below_the_first(site: Site) -> None:
    (site.checkout / ".github").mkdir()
    (site.checkout / ".github/groundskeeper.yml").write_text("agents: two\nbuget: 1\n")

    lines = site.run("doctor", "--no-here").stdout.splitlines()

    assert lines[1].startswith("          .github/groundskeeper.yml, line 2: `buget` is not a known key")


def test_without_git_that_is_said(site: Site, tmp_path: Path) -> None:
    with_path = {"PATH": str(tmp_path)}

    none = site.shell("doctor", **with_path)
    named = site.shell("doctor", "--json", "--no-here", "--repository", NAME, **with_path)

    assert (none.returncode, none.stderr.count("\n")) == (2, 1)
    assert "git is not installed here. Install git 2.38 or newer" in none.stderr
    assert [row["state"] for row in json.loads(named.stdout)["findings"] if row["name"] == "git"] == ["wrong"]


def test_one_identity_for_both_is_told(site: Site) -> None:
    token = seed.add_token(site.hub, "will")

    found = examined(site, GROUNDSKEEPER_WORKER_TOKEN=token, GROUNDSKEEPER_REVIEWER_TOKEN=token)

    assert found["worker"][:2] == ("ok", "will, by a token, may write")
    assert found["two identities"][:2] == (
        "wrong",
        "worker and reviewer are both will, and GitHub lets nobody approve their own pull request",
    )


def test_what_a_token_may_not_see_is_not_green(site: Site) -> None:
    found = examined(site, GH_TOKEN=site.tokens["will"])

    assert found["access"][0] == "wrong"
    assert found["Actions"][0] == found["branch protection"][0] == "not seen"


def test_without_a_token_or_a_right_one_nothing_is_begun(site: Site) -> None:
    with pytest.raises(UserError, match="GH_TOKEN is not set: this needs a token of somebody who administers the repository"):
        site.run("doctor", GH_TOKEN="", GITHUB_TOKEN="")
    with pytest.raises(GitHubError, match=r"GitHub says 401, Bad credentials. Is the token right, and not expired"):
        site.run("doctor", GH_TOKEN="ghp_wrong")
    with pytest.raises(GitHubError, match=r"GitHub says 404, Not Found. Is the name right, and may this token see it"):
        site.run("doctor", "--repository", "garden/spades")
    with pytest.raises(
        GitHubError, match=r"may this token see it\? Or has the address to end in /api/v3, as on GitHub Enterprise Server\?$"
    ):
        site.run("doctor", "--repository", "garden/spades")
    with pytest.raises(GitHubError, match=r"may this token see it\?$"):
        site.run("doctor", "--repository", "garden/spades", "--api-url", f"{site.url}/api/v3")
    with pytest.raises(
        UserError, match=r"--api-url \(or GITHUB_API_URL\): expected https://api.github.com, .*, found 'github.example.org'"
    ):
        site.run("doctor", "--api-url", "github.example.org")
    with pytest.raises(UserError, match=r"--source: expected OWNER/NAME@COMMIT with all 40 digits of the commit, found 'a/b@main'"):
        site.run("init", "--no-pull-request", "--dry-run", "--source", "a/b@main")


def test_a_github_that_does_not_answer_is_told_before_and_in_the_middle(site: Site) -> None:
    with pytest.raises(GitHubError, match="cannot be reached"):
        site.run("doctor", "--api-url", "http://127.0.0.1:9")
    faults.cut_connection(site.hub, "GET", "/labels")

    found = examined(site)
    faults.cut_connection(site.hub, "GET", "/labels")
    with pytest.raises(GitHubError, match="cannot be reached"):
        site.run("init", "--no-pull-request", "--yes", "--source", SOURCE)

    assert found["labels"][0] == "not seen"


def test_on_an_enterprise_server_the_workflow_is_neither_wanted_nor_written(site: Site) -> None:
    with serving(site.hub, host="127.0.0.2", work=False) as server:  # no github.com, and not where a rehearsal is served
        there = {"GITHUB_API_URL": server.url}
        shown = site.run("init", "--no-pull-request", "--yes", "--no-board", "--source", SOURCE, **there, **site.with_users())
        without = examined(site, **there)
        (site.checkout / ".github/workflows").mkdir(parents=True)
        (site.checkout / ".github/workflows/groundskeeper.yml").write_text("on: push\n")
        site.publish("Let the bot in")
        with_it = examined(site, **there)

    assert " ! .github/workflows/groundskeeper.yml: not written: " in shown.stdout
    assert "refuse GitHub Enterprise Server" in shown.stdout
    assert without["Actions"][0] == "ok"
    assert "`groundskeeper run`" in without["Actions"][1]
    assert with_it["Actions"][0] == "wrong"
    assert with_it["Actions"][1].startswith(f"runs would be started and lost on {server.url}")
    assert "`groundskeeper serve --start local`" in with_it["Actions"][2]
    assert {"workflow", "credentials", "Actions artifacts"} & {*without, *with_it} == set()
