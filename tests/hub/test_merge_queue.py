"""The merge queue: groups are built on what waits before, judged by the checks, and landed or taken out."""

import json
import subprocess
from typing import Any

import httpx
import pytest

from bot.hub import seed
from bot.hub.actions import jobs
from bot.hub.changes import checks, merge_queue
from bot.hub.webhooks import deliveries
from tests.hub.conforms import needs_webhooks, payload_faults
from tests.hub.conftest import World
from tests.hub.test_webhooks import Receiver

REPO = "/repos/ada/engine"
GROUPS = "refs/heads/gh-readonly-queue/main/"
CI = "on: [merge_group]\njobs:\n  tests: {runs-on: ubuntu-latest, steps: [{run: 'test ! -e broken'}]}\n"
ENQUEUE = (
    "mutation($id: ID!, $head: GitObjectID) { enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { mergeQueueEntry"
)
ENTRY = "{ position state enqueuer { login } headCommit { oid } baseCommit { oid } pullRequest { number isInMergeQueue } }"
LOOK = (
    'query($n: Int!) { repository(owner: "ada", name: "engine") { mergeQueue(branch: "main") { configuration { mergeMethod }'
    f' entries(first: 9) {{ totalCount nodes {ENTRY} }} }} other: mergeQueue(branch: "dev") {{ id }}'
    f" pullRequest(number: $n) {{ id isInMergeQueue isMergeQueueEnabled merged mergeQueueEntry {ENTRY} }} }} }}"
)


def ask(me: httpx.Client, query: str, **variables: object) -> Any:
    return me.post("/graphql", json={"query": query, "variables": variables}).json()


def look(world: World, number: int = 1) -> Any:
    answer = ask(world.ada, LOOK, n=number)
    assert "errors" not in answer, answer
    return answer["data"]["repository"]


def enqueue(world: World, number: int, login: str = "ada", **more: object) -> Any:
    pull = look(world, number)["pullRequest"]
    return ask(world.as_(login), f"{ENQUEUE} {ENTRY} }} }}", id=pull["id"], **more)


def refs(world: World) -> dict[str, str]:
    listed = subprocess.run(["git", "-C", str(world.repository), "for-each-ref", "--format=%(objectname) %(refname)"], capture_output=True, text=True, check=True)  # fmt: skip
    found = (line.split(" ") for line in listed.stdout.splitlines())
    return {name: sha for sha, name in found}


def propose(world: World, branch: str, files: dict[str, str]) -> str:
    head = world.push(files, branch=branch, onto="main")
    assert world.ada.post(f"{REPO}/pulls", json={"title": branch, "head": branch, "base": "main"}).status_code == 201
    checks.report(world.hub, "ada/engine", head, "tests", "success")
    return head


@pytest.fixture
def queued(world: World) -> World:
    """main takes nothing but through its queue, where `tests` must be green."""
    world.hub.sandboxed = False
    world.push({".github/workflows/ci.yml": CI, "README.md": "# Engine\n"})
    world.ada.get(f"{REPO}/branches/main")
    seed.protect(world.hub, "ada/engine", "main", required_checks=["tests"])
    merge_queue.require(world.hub, "ada/engine", "main", merge_queue.Rules(method="squash"))
    return world


def test_two_that_wait_are_built_on_each_other_checked_and_landed_in_order(queued: World) -> None:
    seed.add_hook(queued.hub, "ada/engine", "http://bot.example/", secret=None, events=["merge_group"])
    main = refs(queued)["refs/heads/main"]
    heads = [propose(queued, name, {f"{name}.txt": name}) for name in ("one", "two")]
    first = enqueue(queued, 1, head=heads[0])
    enqueue(queued, 2, "will")
    waiting = look(queued)

    assert first["data"]["enqueuePullRequest"]["mergeQueueEntry"]["state"] == "QUEUED"
    assert waiting["mergeQueue"]["configuration"] == {"mergeMethod": "SQUASH"}
    assert waiting["other"] is None
    assert merge_queue.advance(queued.hub) == 0
    one, two = look(queued)["mergeQueue"]["entries"]["nodes"]
    assert (one["state"], one["position"], one["baseCommit"]["oid"], one["enqueuer"]["login"]) == ("AWAITING_CHECKS", 1, main, "ada")
    assert (two["position"], two["baseCommit"], two["pullRequest"]) == (2, one["headCommit"], {"number": 2, "isInMergeQueue": True})
    assert {name: sha for name, sha in refs(queued).items() if name.startswith(GROUPS)} == {
        f"{GROUPS}pr-1-{main}": one["headCommit"]["oid"],
        f"{GROUPS}pr-2-{one['headCommit']['oid']}": two["headCommit"]["oid"],
    }

    assert jobs.run_pending(queued.hub) == 2
    assert merge_queue.advance(queued.hub) == 2

    assert refs(queued)["refs/heads/main"] == two["headCommit"]["oid"]
    assert not [name for name in refs(queued) if name.startswith(GROUPS)]
    assert [queued.ada.get(f"{REPO}/pulls/{number}").json()["merged"] for number in (1, 2)] == [True, True]
    assert queued.ada.get(f"{REPO}/actions/runs?event=merge_group&status=success").json()["total_count"] == 2
    receiver = Receiver()
    deliveries.deliver_pending(queued.hub, receiver)
    assert receiver.told == [("merge_group", "checks_requested")] * 2 + [("merge_group", "destroyed")] * 2
    told = json.loads(receiver.got[0][1])["merge_group"]
    assert (told["head_ref"], told["base_ref"], told["head_commit"]["id"]) == (f"{GROUPS}pr-1-{main}", "refs/heads/main", told["head_sha"])
    assert json.loads(receiver.got[-1][1])["reason"] == "merged"


@needs_webhooks
def test_hooks_are_told_of_the_queue_as_github_tells_them(queued: World) -> None:
    propose(queued, "one", {"one.txt": "1"})
    seed.add_hook(queued.hub, "ada/engine", "http://bot.example/", secret=None, events=["merge_group", "pull_request"])
    enqueue(queued, 1)
    merge_queue.advance(queued.hub)
    jobs.run_pending(queued.hub)
    merge_queue.advance(queued.hub)

    receiver = Receiver()
    deliveries.deliver_pending(queued.hub, receiver)

    assert [action for _, action in receiver.told] == ["enqueued", "checks_requested", "destroyed", "dequeued", "closed"]
    assert [fault for headers, body in receiver.got for fault in payload_faults(headers["X-GitHub-Event"], json.loads(body))] == []


def test_what_is_red_in_its_group_is_taken_out_and_the_next_is_built_anew(queued: World) -> None:
    main = refs(queued)["refs/heads/main"]
    propose(queued, "bad", {"broken": ""})
    propose(queued, "good", {"good.txt": "x"})
    for number in (1, 2):
        enqueue(queued, number)
    merge_queue.advance(queued.hub)
    jobs.run_pending(queued.hub)

    assert merge_queue.advance(queued.hub) == 0
    bad, (good,) = look(queued)["pullRequest"], look(queued)["mergeQueue"]["entries"]["nodes"]
    assert (bad["isInMergeQueue"], bad["merged"], bad["mergeQueueEntry"]) == (False, False, None)
    assert (good["pullRequest"]["number"], good["baseCommit"]["oid"], good["state"]) == (2, main, "AWAITING_CHECKS")
    events = [event["event"] for event in queued.ada.get(f"{REPO}/issues/1/timeline").json()]
    assert [event for event in events if "queue" in event] == ["added_to_merge_queue", "removed_from_merge_queue"]
    jobs.run_pending(queued.hub)
    assert merge_queue.advance(queued.hub) == 1


def test_nothing_reaches_the_branch_past_its_queue(queued: World) -> None:
    head = propose(queued, "one", {"one.txt": "1"})
    main = refs(queued)["refs/heads/main"]

    refused = queued.ada.put(f"{REPO}/pulls/1/merge", json={"sha": head})
    pushed = queued.ada.patch(f"{REPO}/git/refs/heads/main", json={"sha": head})

    assert (refused.status_code, refused.json()["message"]) == (405, "Changes must be made through the merge queue")
    assert (pushed.status_code, "merge queue" in pushed.text) == (422, True)
    assert refs(queued)["refs/heads/main"] == main


def test_only_what_is_ready_and_only_for_those_who_may_write_gets_into_the_queue(queued: World) -> None:
    queued.push({"raw.txt": "x"}, branch="raw", onto="main")
    queued.ada.post(f"{REPO}/pulls", json={"title": "Raw", "head": "raw", "base": "main"})
    queued.ada.post(f"{REPO}/pulls", json={"title": "Aside", "head": "raw", "base": "main", "draft": True})
    unchecked = enqueue(queued, 1)["errors"][0]
    head = propose(queued, "one", {"one.txt": "1"})
    number = queued.ada.get(f"{REPO}/pulls").json()[0]["number"]

    assert (unchecked["type"], unchecked["message"]) == ("UNPROCESSABLE", 'Required status check "tests" is expected.')
    assert enqueue(queued, number, "rita")["errors"][0]["type"] == "FORBIDDEN"
    assert enqueue(queued, number, head="0" * 40)["errors"][0]["type"] == "STALE_DATA"
    assert "errors" not in enqueue(queued, number, head=head)
    assert "already" in enqueue(queued, number)["errors"][0]["message"]


def test_a_new_head_a_conflict_or_a_wish_takes_out_of_the_queue(queued: World) -> None:
    for name, files in (("one", {"same": "1"}), ("two", {"same": "2"}), ("three", {"three.txt": "3"}), ("four", {"four.txt": "4"})):
        propose(queued, name, files)
    for number in (1, 2, 3, 4):
        enqueue(queued, number)
    seed.add_hook(queued.hub, "ada/engine", "http://bot.example/", secret=None, events=["pull_request"])
    gone = "mutation($id: ID!) { dequeuePullRequest(input: {id: $id}) { mergeQueueEntry { pullRequest { number } } } }"
    answer = ask(queued.ada, gone, id=look(queued, 3)["pullRequest"]["id"])
    queued.push({"more.txt": "x"}, branch="four")
    queued.ada.get(f"{REPO}/branches/four")

    merge_queue.advance(queued.hub)

    assert answer["data"]["dequeuePullRequest"]["mergeQueueEntry"]["pullRequest"] == {"number": 3}
    assert [one["pullRequest"]["number"] for one in look(queued)["mergeQueue"]["entries"]["nodes"]] == [1]
    receiver = Receiver()
    deliveries.deliver_pending(queued.hub, receiver)
    reasons = {
        json.loads(body)["number"]: json.loads(body).get("reason") for _, body in receiver.got if json.loads(body)["action"] == "dequeued"
    }
    assert reasons == {3: "MANUAL", 4: "UNKNOWN_REMOVAL_REASON", 2: "MERGE_CONFLICT"}
