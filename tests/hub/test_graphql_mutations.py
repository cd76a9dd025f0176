"""Mutations do what the REST routes do, with the same rights, one after the other."""

import subprocess
from pathlib import Path

import pytest

from tests.hub.garden import HOME, Garden, issue, plot, pull


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    return plot(tmp_path)


def node_of(garden: Garden, path: str) -> str:
    return str(garden.ask("GET", f"/repos/{HOME}{path}")["node_id"])


def test_several_mutations_in_one_request_run_in_order_and_fail_alone(garden: Garden) -> None:
    issue(garden, "One", "", [])
    subject = node_of(garden, "/issues/1")
    answer = garden.graphql(
        "mutation($id: ID!) {"
        ' first: addComment(input: {subjectId: $id, body: "a"}) { commentEdge { node { body } } }'
        ' wrong: addComment(input: {subjectId: "I_none", body: "b"}) { commentEdge { node { body } } }'
        ' last: addComment(input: {subjectId: $id, body: "c", clientMutationId: "7"}) { clientMutationId subject { ... on Issue {'
        " comments(first: 9) { nodes { body } } } } } }",
        id=subject,
    )
    assert answer["data"]["first"]["commentEdge"]["node"]["body"] == "a"
    assert answer["data"]["wrong"] is None
    assert answer["data"]["last"]["clientMutationId"] == "7"
    assert [node["body"] for node in answer["data"]["last"]["subject"]["comments"]["nodes"]] == ["a", "c"]
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["wrong"])


def test_labels_and_state_of_an_issue_are_changed(garden: Garden) -> None:
    issue(garden, "One", "", ["red"])
    repo, subject = node_of(garden, ""), node_of(garden, "/issues/1")
    label = garden.data(
        'mutation($repo: ID!) { createLabel(input: {repositoryId: $repo, name: "blue", color: "0000ff"}) { label { id } } }', repo=repo
    )["createLabel"]["label"]["id"]
    shown = garden.data(
        "mutation($id: ID!, $label: ID!) { addLabelsToLabelable(input: {labelableId: $id, labelIds: [$label]}) { clientMutationId }"
        " closeIssue(input: {issueId: $id, stateReason: NOT_PLANNED}) { issue { state stateReason labels(first: 5) { nodes { name } } } } }",
        id=subject,
        label=label,
    )["closeIssue"]["issue"]
    assert shown == {"state": "CLOSED", "stateReason": "NOT_PLANNED", "labels": {"nodes": [{"name": "red"}, {"name": "blue"}]}}
    after = garden.data(
        "mutation($id: ID!, $label: ID!) { removeLabelsFromLabelable(input: {labelableId: $id, labelIds: [$label]}) { clientMutationId }"
        " reopenIssue(input: {issueId: $id}) { issue { state labels(first: 5) { nodes { name } } } } }",
        id=subject,
        label=label,
    )["reopenIssue"]["issue"]
    assert after == {"state": "OPEN", "labels": {"nodes": [{"name": "red"}]}}


def test_a_person_without_the_right_is_refused_as_over_rest(garden: Garden) -> None:
    issue(garden, "One", "", ["red"])
    subject = node_of(garden, "/issues/1")
    answer = garden.graphql("mutation($id: ID!) { closeIssue(input: {issueId: $id}) { issue { state } } }", who="mallory", id=subject)
    assert answer["data"] == {"closeIssue": None}
    assert answer["errors"][0]["type"] in ("FORBIDDEN", "NOT_FOUND")
    assert garden.ask("GET", f"/repos/{HOME}/issues/1")["state"] == "open"


def test_a_pull_request_is_opened_reviewed_and_merged_at_the_head_that_was_reviewed(garden: Garden) -> None:
    sha = garden.push("agent-1/project-1", {"new.txt": "new\n"}, "Add a file")
    opened = garden.data(
        'mutation($repo: ID!) { createPullRequest(input: {repositoryId: $repo, title: "New", baseRefName: "main",'
        ' headRefName: "agent-1/project-1", body: "A file"}) { pullRequest { id number headRefOid } } }',
        who="groundskeeper",
        repo=node_of(garden, ""),
    )["createPullRequest"]["pullRequest"]
    assert opened["headRefOid"] == sha
    own = garden.graphql(
        "mutation($id: ID!) { addPullRequestReview(input: {pullRequestId: $id, event: APPROVE}) { pullRequestReview { state } } }",
        who="groundskeeper",
        id=opened["id"],
    )
    assert "approve your own pull request" in own["errors"][0]["message"]
    review = garden.data(
        "mutation($id: ID!, $sha: GitObjectID!) { addPullRequestReview(input: {pullRequestId: $id, event: APPROVE, commitOID: $sha, threads: ["
        '{path: "new.txt", line: 1, body: "Good"}]}) { pullRequestReview { state comments(first: 5) { nodes { body path line } } } } }',
        who="groundskeeper-review",
        id=opened["id"],
        sha=sha,
    )["addPullRequestReview"]["pullRequestReview"]
    assert review == {"state": "APPROVED", "comments": {"nodes": [{"body": "Good", "path": "new.txt", "line": 1}]}}
    merge = (
        "mutation($id: ID!, $sha: GitObjectID!) { mergePullRequest(input: {pullRequestId: $id, expectedHeadOid: $sha, mergeMethod: SQUASH}) {"
        " pullRequest { state mergedBy { login } mergeCommit { oid } } } }"
    )
    stale = garden.graphql(merge, who="groundskeeper-review", id=opened["id"], sha="0" * 40)
    assert stale["data"] == {"mergePullRequest": None}
    merged = garden.data(merge, who="groundskeeper-review", id=opened["id"], sha=sha)["mergePullRequest"]["pullRequest"]
    assert merged["state"] == "MERGED"
    assert merged["mergedBy"] == {"login": "groundskeeper-review"}
    tip = subprocess.run(
        ["git", "-C", garden.hub.root / "repositories" / f"{HOME}.git", "rev-parse", "main"], capture_output=True, text=True, check=True
    )
    assert merged["mergeCommit"]["oid"] == tip.stdout.strip()


def test_a_thread_is_resolved_and_opened_again(garden: Garden) -> None:
    number, sha = pull(garden, "Change", "", "agent-1/project-9", {"a.txt": "x\n"})
    place = {"path": "a.txt", "line": 1, "side": "RIGHT", "body": "Why?"}
    garden.ask(
        "POST", f"/repos/{HOME}/pulls/{number}/reviews", {"event": "COMMENT", "body": "?", "commit_id": sha, "comments": [place]}, who="ben"
    )
    threads = garden.data(
        '{ repository(owner: "orchard", name: "marrow") { pullRequest(number: 1) { reviewThreads(first: 5) { nodes { id } } } } }'
    )
    thread = threads["repository"]["pullRequest"]["reviewThreads"]["nodes"][0]["id"]
    for name, resolved in (("resolveReviewThread", True), ("unresolveReviewThread", False)):
        shown = garden.data(f"mutation($id: ID!) {{ {name}(input: {{threadId: $id}}) {{ thread {{ isResolved }} }} }}", id=thread)
        assert shown[name]["thread"]["isResolved"] is resolved


UPDATE = "mutation($repo: ID!, $refs: [RefUpdate!]!) { updateRefs(input: {repositoryId: $repo, refUpdates: $refs}) { clientMutationId } }"


def test_several_refs_move_together_or_not_at_all(garden: Garden) -> None:
    # The published schema on updateRefs: "performed atomically, if one is rejected, no other ref will be modified".
    repo, none = node_of(garden, ""), "0" * 40
    one = garden.push("work", {"a": "1\n"}, "One")
    lease, branch = "refs/groundskeeper/project/1", "refs/heads/agent-1/project-1"
    garden.data(UPDATE, who="groundskeeper", repo=repo, refs=[{"name": lease, "beforeOid": none, "afterOid": one}])
    two = garden.push("work", {"a": "2\n"}, "Two", start="work")
    fenced = [{"name": lease, "beforeOid": two, "afterOid": two}, {"name": branch, "beforeOid": none, "afterOid": two}]
    refused = garden.graphql(UPDATE, who="groundskeeper", repo=repo, refs=fenced)
    assert refused["errors"][0]["type"] == "STALE_DATA"
    where = garden.hub.root / "repositories" / f"{HOME}.git"
    assert subprocess.run(["git", "-C", where, "rev-parse", "-q", "--verify", branch], capture_output=True, check=False).returncode == 1
    fenced[0] |= {"beforeOid": one}
    garden.data(UPDATE, who="groundskeeper", repo=repo, refs=fenced)
    tips = subprocess.run(["git", "-C", where, "rev-parse", lease, branch], capture_output=True, text=True, check=True).stdout.split()
    assert tips == [two, two]


def test_a_commit_lands_on_a_branch_only_at_the_head_that_was_expected(garden: Garden) -> None:
    commit = (
        'mutation($head: GitObjectID!) { createCommitOnBranch(input: {branch: {repositoryNameWithOwner: "orchard/marrow", branchName: "side"},'
        ' expectedHeadOid: $head, message: {headline: "Add"}, fileChanges: {additions: [{path: "deep/x.txt", contents: "aGk="}],'
        ' deletions: [{path: "README.md"}]}}) { commit { oid messageHeadline } } }'
    )
    head = garden.push("side", {"seed": "1"}, "Start")
    (error,) = garden.graphql(commit, head="1" * 40)["errors"]
    assert error["type"] == "STALE_DATA"
    made = garden.data(commit, head=head)["createCommitOnBranch"]["commit"]
    where = garden.hub.root / "repositories" / f"{HOME}.git"
    listed = subprocess.run(
        ["git", "-C", where, "ls-tree", "-r", "--name-only", "side"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "deep/x.txt" in listed
    assert "README.md" not in listed
    assert made["messageHeadline"] == "Add"


@pytest.mark.parametrize("method", ["MERGE", "REBASE"])
def test_a_branch_is_brought_up_to_date_with_its_base(garden: Garden, method: str) -> None:
    _, sha = pull(garden, "Change", "", "agent-1/project-9", {"a.txt": "x\n"})
    base = garden.push("main", {"b.txt": "y\n"}, "Meanwhile")
    update = (
        "mutation($id: ID!, $head: GitObjectID!, $method: PullRequestBranchUpdateMethod!) { updatePullRequestBranch(input: {pullRequestId: $id,"
        " expectedHeadOid: $head, updateMethod: $method}) { pullRequest { headRefOid } } }"
    )
    node = node_of(garden, "/pulls/1")
    assert "errors" in garden.graphql(update, who="groundskeeper", id=node, head="1" * 40, method=method)
    head = garden.data(update, who="groundskeeper", id=node, head=sha, method=method)["updatePullRequestBranch"]["pullRequest"][
        "headRefOid"
    ]
    where = garden.hub.root / "repositories" / f"{HOME}.git"
    assert head != sha
    assert subprocess.run(["git", "-C", where, "merge-base", "--is-ancestor", base, head], check=False).returncode == 0
