"""Every workflow and action file as GitHub's own parser, language service and evaluator read it; `queue: max` and `$/…` as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.entry.setup.source import Source, pinned
from tests.actions.expressions import evaluated
from tests.actions.runner import HERE, WORKFLOW, read
from tests.independent.judge import Judge

SHIPPED = WORKFLOW.read_text(encoding="utf-8")
SOURCE = Source(repository="example/groundskeeper", commit="0123456789abcdef0123456789abcdef01234567", version="v1.2.3")
WORKFLOWS = {
    **{str(path.relative_to(HERE)): path.read_text(encoding="utf-8") for path in sorted((HERE / ".github/workflows").glob("*.yml"))},
    "what init writes.yml": pinned(SHIPPED, SOURCE),
    "the demo's ci.yml": (HERE / "bot/entry/demo/garden/.github/workflows/ci.yml").read_text(encoding="utf-8"),
}
ACTIONS = {str(path.relative_to(HERE)): path.read_text(encoding="utf-8") for path in sorted((HERE / ".github/actions").rglob("action.yml"))}
EXAMPLES = HERE / ".cache" / "webhooks" / "examples.json"

each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


@each_workflow
def test_parser_and_language_service_find_nothing_in_a_workflow(judge: Judge, name: str) -> None:
    assert judge("workflow", name=name, content=WORKFLOWS[name])["errors"] == []
    assert judge("service", name=f".github/workflows/{Path(name).name}", content=WORKFLOWS[name])["findings"] == []


@pytest.mark.parametrize("name", ACTIONS)
def test_parser_and_language_service_find_nothing_in_an_action(judge: Judge, name: str) -> None:
    assert judge("action", name=name, content=ACTIONS[name])["errors"] == []
    assert judge("service", name=name, content=ACTIONS[name])["findings"] == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("queue: max", "queue: many", "Unexpected value 'many'"),
        ("needs: plan\n", "needs: planning\n", "depends on unknown job 'planning'"),
        ("needs.plan.outputs.matrix != ''", "needs.plan.outputs.matrix ~ ''", "Unexpected symbol"),
        ("steps.plan.outputs.matrix", "stages.plan.outputs.matrix", "Unrecognized named-value: 'stages'"),
        ("startsWith(github", "beginsWith(github", "Unrecognized function: 'beginsWith'"),
        ("fail-fast: false", "fail-quick: false", "Unexpected value 'fail-quick'"),
        ("types: [labeled, ", "types: [labelled, ", "labelled"),
        ('- cron: "7,19,31,43,55 * * * *"', '- cron: "7,19,31,43,65 * * * *"', "cron"),
        ("contents: read #", "contents: reed #", "reed"),
    ],
)
def test_they_would_find_it(judge: Judge, right: str, wrong: str, said: str) -> None:
    """One word of the shipped workflow is changed for each: readers that accept everything would prove nothing above."""
    assert right in SHIPPED
    content = SHIPPED.replace(right, wrong)

    errors = judge("workflow", name=WORKFLOW.name, content=content)["errors"]
    findings = judge("service", name=f".github/workflows/{WORKFLOW.name}", content=content)["findings"]

    assert said in "\n".join([*errors, *(one["message"] for one in findings)])


@each_workflow
def test_the_tests_read_the_same_jobs_and_steps_as_github(judge: Judge, name: str, tmp_path: Path) -> None:
    (tmp_path / "it.yml").write_text(WORKFLOWS[name], encoding="utf-8")
    ours = read(tmp_path / "it.yml")

    theirs = judge("workflow", name=name, content=WORKFLOWS[name])

    wanted = {ours["on"]: None} if isinstance(ours["on"], str) else ours["on"]
    assert theirs["events"] == list(wanted)
    assert [(job["id"], job["needs"]) for job in theirs["jobs"]] == [
        (job, [spec["needs"]] if isinstance(spec.get("needs"), str) else spec.get("needs", [])) for job, spec in ours["jobs"].items()
    ]
    for job in theirs["jobs"]:
        assert [(step["uses"], step["run"]) for step in job["steps"]] == [
            (step.get("uses"), step.get("run")) for step in ours["jobs"][job["id"]]["steps"]
        ]


OWN_TOOLCHAINS = "./.github/actions/groundskeeper-toolchains"
"""The repository's own action, from its default branch: nothing foreign, so it has nothing to be pinned to."""


def test_what_waits_is_kept_in_a_queue_and_every_foreign_action_is_pinned(judge: Judge) -> None:
    jobs = {job["id"]: job for job in judge("workflow", name=WORKFLOW.name, content=WORKFLOWS["what init writes.yml"])["jobs"]}

    assert list(jobs) == ["wake", "plan", "agent", "publish"]
    assert {job: _pairs(spec["concurrency"]) for job, spec in jobs.items()} == {
        "wake": {},
        "plan": {"group": "groundskeeper", "queue": "max"},
        "agent": {},
        "publish": {"group": "groundskeeper", "queue": "max"},
    }
    used = {step["uses"] for job in jobs.values() for step in job["steps"] if step["uses"]}
    assert f"{SOURCE.repository}/.github/actions/install@{SOURCE.commit}" in used
    assert {one for one in used if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}", one)} == {OWN_TOOLCHAINS}


def _pairs(mapping: Any) -> dict[str, Any]:
    return {pair["Key"]: pair["Value"] for pair in mapping["map"]} if mapping else {}


STATED: list[tuple[str, str | None, dict[str, Any], bool]] = [
    ("check_suite", "completed", {}, True),
    ("merge_group", "checks_requested", {}, True),
    ("workflow_dispatch", None, {}, True),
    ("issue_comment", "created", {}, False),
    ("issue_comment", "created", {"comment.body": "Please /agent stop"}, True),
    ("issue_comment", "created", {"comment.body": "Please /agent stop", "comment.author_association": "NONE"}, False),
    ("issue_comment", "created", {"comment.body": "Please /agent stop", "comment.user.type": "Bot"}, False),
    ("issue_comment", "created", {"comment.body": "Please /agent stop", "comment.performed_via_github_app": {"slug": "keeper"}}, False),
    ("issues", "labeled", {}, False),
    ("issues", "labeled", {"label.name": "agent:ready"}, True),
    ("issues", "unlabeled", {"label.name": "priority:high"}, True),
    ("issues", "edited", {}, True),
    ("issues", "edited", {"issue.author_association": "NONE"}, False),
    ("issues", "reopened", {}, True),
    ("pull_request_review", "submitted", {}, True),
    ("pull_request_review", "submitted", {"review.author_association": "NONE"}, False),
    ("pull_request_review", "submitted", {"pull_request.head.repo.full_name": "eve/fork"}, False),
    ("pull_request_review", "dismissed", {"review.author_association": "NONE"}, True),
]
"""Event, action, what is changed in GitHub's published examples of them, and whether the job that is for it starts then."""
ELSEWHERE = ("merge_group", "pull_request_review")
"""Events on refs other than the default branch: those wake the workflow up there."""


@pytest.mark.skipif(not EXAMPLES.exists(), reason="GitHub's published examples are not here: `make references` fetches them")
@pytest.mark.parametrize(("event", "action", "changes", "expected"), STATED)
def test_recorded_payloads_start_their_job_as_stated(
    judge: Judge, event: str, action: str | None, changes: dict[str, Any], expected: bool
) -> None:
    condition = " ".join(read(WORKFLOW)["jobs"]["wake" if event in ELSEWHERE else "plan"]["if"].split())
    payloads = [
        payload
        for one in json.loads(EXAMPLES.read_text(encoding="utf-8"))
        for payload in one["examples"]
        if (one["name"], payload.get("action")) == (event, action)
    ]

    assert payloads
    for payload in payloads:
        for place, value in changes.items():
            _put(payload, place, value)
        github = {"event_name": event, "event": payload, "repository": payload["repository"]["full_name"]}
        answer = judge("expression", text=condition, contexts={"github": github}, job="success")
        assert answer == {"value": expected, "text": str(expected).lower()}
        assert evaluated(condition, {"github": github}) is expected


def _put(payload: dict[str, Any], place: str, value: Any) -> None:
    *names, last = place.split(".")
    for name in names:
        payload = payload[name]
    assert last in payload or last == "performed_via_github_app"  # the examples are older than it
    payload[last] = value
