"""Every webhook that the hub knows, sent once and held against the published schemas by tests/contract."""

import json

from bot.hub import seed
from bot.hub.changes import checks
from bot.hub.webhooks import deliveries
from tests.contract.payloads import headers_missing, kind
from tests.contract.schemas import WEBHOOKS
from tests.hub.conftest import World

REPO = "/repos/ada/engine"


def test_everything_that_is_told_is_told_as_github_tells_it(world: World) -> None:
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret="s")
    world.add_app("worker")
    seed.add_app_hook(world.hub, world.apps["worker"].id, "http://app.example/", secret="s")
    _live(world)
    heard: list[tuple[dict[str, str], str, object]] = []

    def hear(_url: str, headers: object, body: bytes) -> int:
        assert isinstance(headers, dict)
        heard.append((headers, headers["X-GitHub-Event"], json.loads(body)))
        return 204

    deliveries.deliver_pending(world.hub, hear)
    assert {kind(event, payload) for _, event, payload in heard} >= EVENTS
    if WEBHOOKS.exists():
        assert {name: missing for headers, event, payload in heard if (missing := headers_missing(name := event, payload, headers))} == {}


EVENTS = {
    "ping", "push", "create", "delete", "status", "label-created", "label-edited", "label-deleted",
    *(f"issues-{action}" for action in ("opened", "edited", "closed", "reopened", "labeled", "unlabeled", "assigned", "unassigned", "locked", "unlocked")),
    *(f"issue-comment-{action}" for action in ("created", "edited", "deleted")),
    *(f"pull-request-{action}" for action in ("opened", "synchronize", "closed", "reopened")),
    "pull-request-review-submitted", "pull-request-review-comment-created", "pull-request-review-comment-edited", "check-run-created", "check-run-completed", "check-suite-completed",
    *(f"sub-issues-{which}-issue-{done}" for which in ("sub", "parent") for done in ("added", "removed")),
    "issue-dependencies-blocked-by-added", "issue-dependencies-blocked-by-removed",
}  # fmt: skip


def _live(world: World) -> None:
    """A repository's week in a second."""
    ada, app = world.ada, world.as_("worker")

    def do(method: str, path: str, body: object = None, *, by: object = ada) -> object:
        answer = (app if by is app else ada).request(method, f"{REPO}/{path}", json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    world.push({"README.md": "# Engine\n"})
    do("POST", "hooks", {"config": {"url": "http://third.example/hook", "content_type": "json", "secret": "s"}, "events": ["push"]})
    for title in ("Leaks", "Drips", "Smokes"):
        do("POST", "issues", {"title": title})
    do("POST", "labels", {"name": "bug"})
    do("POST", "issues/1/labels", {"labels": ["bug"]})
    do("DELETE", "issues/1/labels/bug")
    do("PATCH", "labels/bug", {"description": "Broken"})
    do("DELETE", "labels/bug")
    do("PATCH", "issues/1", {"title": "Leaks oil", "body": "Much"})
    do("POST", "issues/1/assignees", {"assignees": ["will"]})
    do("DELETE", "issues/1/assignees", {"assignees": ["will"]})
    do("PUT", "issues/1/lock")
    do("DELETE", "issues/1/lock")
    for state in ("closed", "open"):
        do("PATCH", "issues/1", {"state": state})
    do("POST", "issues/1/comments", {"body": "Seen"})
    do("PATCH", "issues/comments/1", {"body": "Seen twice"})
    do("DELETE", "issues/comments/1")
    do("POST", "issues/1/sub_issues", {"sub_issue_id": 2})
    do("DELETE", "issues/1/sub_issue", {"sub_issue_id": 2})
    do("POST", "issues/1/dependencies/blocked_by", {"issue_id": 3})
    do("DELETE", "issues/1/dependencies/blocked_by/3")
    main = world.push({"oil.txt": "none"})
    do("POST", "git/refs", {"ref": "refs/heads/old", "sha": main})
    do("DELETE", "git/refs/heads/old")
    head = world.push({"seal.txt": "tight"}, branch="seal", onto="main")
    do("POST", "pulls", {"title": "Seal it", "head": "seal", "base": "main", "body": "Fixes #1"})
    do("POST", "pulls/4/reviews", {"event": "COMMENT", "body": "Hm", "comments": [{"path": "seal.txt", "line": 1, "body": "Why?"}]}, by=app)
    do("POST", "pulls/4/comments/1/replies", {"body": "Because"})
    do("PATCH", "pulls/comments/2", {"body": "It leaks"})
    do("POST", f"statuses/{head}", {"state": "success", "context": "ci"})
    do("POST", "check-runs", {"name": "unit", "head_sha": head, "status": "in_progress"}, by=app)
    do("PATCH", "check-runs/1", {"status": "completed", "conclusion": "success"}, by=app)
    checks.report(world.hub, "ada/engine", head, "lint", "failure", log="no")
    world.push({"more.txt": "x"}, branch="seal")
    do("GET", "pulls/4")
    for state in ("closed", "open"):
        do("PATCH", "pulls/4", {"state": state})
    do("PUT", "pulls/4/merge")
