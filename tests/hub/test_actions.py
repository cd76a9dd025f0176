"""Workflows, asking for their runs, and what runs and jobs come to."""

import json

import pytest

from bot.hub import seed
from bot.hub.actions import jobs as action_jobs
from bot.hub.actions import runs
from bot.hub.webhooks import deliveries
from tests.hub.conforms import assert_conforms, needs_description, needs_webhooks, payload_faults
from tests.hub.conftest import World
from tests.hub.test_webhooks import Receiver

pytestmark = needs_description
REPO = "/repos/ada/engine"
ACTIONS = f"{REPO}/actions"
TICK = f"{ACTIONS}/workflows/tick.yml"
TICK_FILE = """\
name: Tick
on:
  workflow_dispatch:
    inputs:
      command: {type: choice, options: [tick, stop], default: tick}
      reason: {type: string, required: true}
      loud: {type: boolean}
jobs:
  go: {runs-on: ubuntu-latest, steps: [{run: "echo never run by the hub"}]}
"""
CI_FILE = """\
on: [push, pull_request]
jobs:
  one: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
  two: {name: second, runs-on: ubuntu-latest, steps: [{run: "test ! -e broken"}]}
"""


@pytest.fixture
def working(world: World) -> World:
    world.hub.sandboxed = False
    world.push({".github/workflows/tick.yml": TICK_FILE, ".github/workflows/ci.yml": CI_FILE, "README.md": "# Engine\n"})
    assert world.ada.get(f"{REPO}/branches/main").status_code == 200  # the hub looks at its refs when somebody asks
    return world


def test_workflows_are_known_by_id_and_by_file(working: World) -> None:
    listed = assert_conforms(working.ada.get(f"{ACTIONS}/workflows")).json()
    by_file = assert_conforms(working.ada.get(TICK)).json()
    by_id = assert_conforms(working.ada.get(f"{ACTIONS}/workflows/{by_file['id']}")).json()

    assert {(one["name"], one["path"], one["state"]) for one in listed["workflows"]} == {
        ("Tick", ".github/workflows/tick.yml", "active"),
        (".github/workflows/ci.yml", ".github/workflows/ci.yml", "active"),
    }
    assert by_id == by_file
    assert working.ada.get(f"{ACTIONS}/workflows/absent.yml").status_code == 404


def test_a_dispatch_is_queued_with_its_inputs_told_to_hooks_and_waits_for_its_runner(working: World) -> None:
    action_jobs.run_pending(working.hub)
    seed.add_hook(working.hub, "ada/engine", "http://bot.example/", secret=None, events=["workflow_dispatch", "workflow_run"])
    worker = working.add_app("worker")
    asked = {"ref": "main", "inputs": {"reason": "now", "loud": True}}

    assert assert_conforms(worker.post(f"{TICK}/dispatches", json=asked)).status_code == 204
    detailed = assert_conforms(worker.post(f"{TICK}/dispatches", json=asked | {"return_run_details": True})).json()
    first, second = runs.untaken(working.hub, "ada/engine")
    run = assert_conforms(worker.get(f"{ACTIONS}/runs/{detailed['workflow_run_id']}")).json()

    assert second.run_id == detailed["workflow_run_id"] != first.run_id
    assert (first.workflow, first.ref, first.inputs) == ("tick.yml", "main", {"command": "tick", "reason": "now", "loud": "true"})
    assert (run["event"], run["status"], run["conclusion"], run["actor"]["login"]) == ("workflow_dispatch", "queued", None, "worker[bot]")
    assert action_jobs.run_pending(working.hub) == 0, "the hub itself does not play what was dispatched"
    receiver = Receiver()
    deliveries.deliver_pending(working.hub, receiver)
    assert receiver.told == [("workflow_run", "requested"), ("workflow_dispatch", None)] * 2
    told = json.loads(receiver.got[1][1])
    assert (told["ref"], told["workflow"], told["inputs"]["reason"]) == ("refs/heads/main", ".github/workflows/tick.yml", "now")


@pytest.mark.parametrize(
    ("workflow", "body", "words"),
    [
        ("tick.yml", {"ref": "main", "inputs": {"reason": "r", "volume": "11"}}, 'Unexpected inputs provided: ["volume"]'),
        ("tick.yml", {"ref": "main"}, "Required input 'reason' not provided"),
        ("tick.yml", {"ref": "main", "inputs": {"reason": "r", "command": "fly"}}, "Provided value 'fly' for input 'command'"),
        ("tick.yml", {"ref": "absent", "inputs": {"reason": "r"}}, "No ref found for: absent"),
        ("tick.yml", {"inputs": {}}, '"ref" wasn\'t supplied'),
        ("ci.yml", {"ref": "main"}, "Workflow does not have 'workflow_dispatch' trigger"),
    ],
)
def test_a_dispatch_that_github_would_refuse_is_refused_in_its_words(working: World, workflow: str, body: object, words: str) -> None:
    refused = working.ada.post(f"{ACTIONS}/workflows/{workflow}/dispatches", json=body)

    assert (refused.status_code, words in refused.json()["message"]) == (422, True), refused.text
    assert not runs.untaken(working.hub, "ada/engine")


def test_a_disabled_workflow_starts_for_nothing_until_it_is_enabled(working: World) -> None:
    action_jobs.run_pending(working.hub)
    dispatch = {"ref": "main", "inputs": {"reason": "r"}}
    for file in ("tick.yml", "ci.yml"):
        assert assert_conforms(working.ada.put(f"{ACTIONS}/workflows/{file}/disable")).status_code == 204
    refused = working.ada.post(f"{TICK}/dispatches", json=dispatch)
    working.push({"more.txt": "x"})
    working.ada.get(f"{REPO}/branches/main")

    assert (refused.status_code, refused.json()["message"]) == (422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    assert working.ada.get(TICK).json()["state"] == "disabled_manually"
    assert action_jobs.run_pending(working.hub) == 0
    assert assert_conforms(working.ada.put(f"{TICK}/enable")).status_code == 204
    assert working.ada.post(f"{TICK}/dispatches", json=dispatch).status_code == 204


def test_who_may_not_write_to_actions_dispatches_nothing(working: World) -> None:
    body = {"ref": "main", "inputs": {"reason": "r"}}
    reader = working.add_app("reader", permissions={"actions": "read", "metadata": "read"})

    assert working.as_("rita").post(f"{TICK}/dispatches", json=body).status_code == 403
    assert reader.post(f"{TICK}/dispatches", json=body).status_code == 403
    assert reader.put(f"{TICK}/disable").status_code == 403
    assert reader.get(f"{ACTIONS}/runs").status_code == 200


def test_runs_are_filtered_and_their_jobs_are_the_checks_on_the_commit(working: World) -> None:
    sha = working.push({"broken": ""}, branch="feature", onto="main")
    working.ada.post(f"{REPO}/pulls", json={"title": "Break it", "head": "feature", "base": "main"})
    action_jobs.run_pending(working.hub)
    listed = assert_conforms(working.ada.get(f"{ACTIONS}/runs")).json()
    (failed,) = working.ada.get(f"{ACTIONS}/runs?status=failure").json()["workflow_runs"]
    (pushed,) = working.ada.get(f"{ACTIONS}/workflows/ci.yml/runs?branch=main").json()["workflow_runs"]
    jobs = assert_conforms(working.ada.get(f"{ACTIONS}/runs/{failed['id']}/jobs")).json()["jobs"]
    checks = working.ada.get(f"{REPO}/commits/{sha}/check-runs").json()["check_runs"]

    assert listed["total_count"] == 2
    assert (failed["event"], failed["head_sha"], failed["display_title"]) == ("pull_request", sha, "Break it")
    assert (pushed["event"], pushed["conclusion"]) == ("push", "success")
    assert [(job["name"], job["conclusion"]) for job in jobs] == [("one", "success"), ("second", "failure")]
    assert {job["id"] for job in jobs} == {check["id"] for check in checks}
    assert assert_conforms(working.ada.get(f"{ACTIONS}/jobs/{jobs[1]['id']}")).json()["run_id"] == failed["id"]
    assert "test ! -e broken" in working.ada.get(f"{ACTIONS}/jobs/{jobs[1]['id']}/logs").text
    asked = {"query": f'{{ repository(owner: "ada", name: "engine") {{ object(oid: "{sha}") {{ ... on Commit {{ checkSuites(first: 5) {{ nodes'
             " { workflowRun { databaseId event workflow { name } } } } } } } }"}  # fmt: skip
    (suite,) = working.ada.post("/graphql", json=asked).json()["data"]["repository"]["object"]["checkSuites"]["nodes"]
    assert suite["workflowRun"] == {"databaseId": failed["id"], "event": "pull_request", "workflow": {"name": ".github/workflows/ci.yml"}}


@needs_webhooks
def test_hooks_are_told_of_a_run_as_github_tells_them(working: World) -> None:
    action_jobs.run_pending(working.hub)
    seed.add_hook(working.hub, "ada/engine", "http://bot.example/", secret=None, events=["workflow_dispatch", "workflow_run"])
    working.ada.post(f"{TICK}/dispatches", json={"ref": "main", "inputs": {"reason": "r"}})
    (waiting,) = runs.untaken(working.hub, "ada/engine")
    runs.set_run(working.hub, "ada/engine", waiting.run_id, status="in_progress")
    runs.set_run(working.hub, "ada/engine", waiting.run_id, status="completed", conclusion="success")

    receiver = Receiver()
    deliveries.deliver_pending(working.hub, receiver)

    assert [action for event, action in receiver.told if event == "workflow_run"] == ["requested", "in_progress", "completed"]
    assert [fault for headers, body in receiver.got for fault in payload_faults(headers["X-GitHub-Event"], json.loads(body))] == []


def test_each_attempt_tells_what_it_came_to(working: World) -> None:
    action_jobs.run_pending(working.hub)
    run = runs.make_run(working.hub, "ada/engine", "tick.yml", event="schedule")
    attempts = f"{ACTIONS}/runs/{run}/attempts"

    running = [assert_conforms(working.ada.get(f"{attempts}/1")).json()["status"]]
    runs.set_run(working.hub, "ada/engine", run, status="in_progress")
    running.append(working.ada.get(f"{attempts}/1").json()["status"])
    runs.set_run(working.hub, "ada/engine", run, status="completed", conclusion="failure")
    assert assert_conforms(working.ada.post(f"{ACTIONS}/runs/{run}/rerun")).status_code == 201
    first, second = (assert_conforms(working.ada.get(f"{attempts}/{number}")).json() for number in (1, 2))

    assert running == ["queued", "in_progress"]
    assert (first["status"], first["conclusion"], first["run_attempt"]) == ("completed", "failure", 1)
    assert (second["status"], second["conclusion"], second["run_attempt"]) == ("queued", None, 2)
    assert second["previous_attempt_url"].endswith(f"{attempts}/1")
    assert working.ada.get(f"{attempts}/3").status_code == 404
    with pytest.raises(ValueError, match="do not go together"):
        runs.set_run(working.hub, "ada/engine", run, status="completed")


def test_a_cancelled_run_is_over_with_all_its_jobs_and_can_be_run_again(working: World) -> None:
    (run,) = working.ada.get(f"{ACTIONS}/runs").json()["workflow_runs"]
    where = f"{ACTIONS}/runs/{run['id']}"

    assert assert_conforms(working.ada.post(f"{where}/cancel")).status_code == 202
    assert assert_conforms(working.ada.post(f"{where}/cancel")).status_code == 409
    assert working.ada.get(where).json()["conclusion"] == "cancelled"
    assert {job["conclusion"] for job in working.ada.get(f"{where}/jobs").json()["jobs"]} == {"cancelled"}
    assert action_jobs.run_pending(working.hub) == 0
    assert working.ada.post(f"{where}/rerun").status_code == 201
    assert working.ada.post(f"{where}/rerun").status_code == 403
    assert action_jobs.run_pending(working.hub) == 2
    assert working.ada.get(where).json()["conclusion"] == "success"
    assert assert_conforms(working.ada.get(f"{where}/attempts/2/jobs")).json()["total_count"] == 2
    assert working.ada.get(f"{where}/jobs?filter=all").json()["total_count"] == 4
    assert working.ada.delete(where).status_code == 204
    assert working.ada.get(f"{where}/attempts/1").status_code == 404
