"""The few parts of a webhook's payload that a hint is made from: what else it says is skipped while it is read, not kept."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict  # pydantic takes the standard library's only from Python 3.12 on


class _Account(TypedDict, total=False):
    login: Any
    id: Any
    type: Any


class _Repository(TypedDict, total=False):
    full_name: Any
    default_branch: Any


class _Named(TypedDict, total=False):
    name: Any


class _Issue(TypedDict, total=False):
    author_association: Any
    labels: list[_Named]


class _Comment(TypedDict, total=False):
    author_association: Any
    performed_via_github_app: Any
    user: _Account | None


class _Review(TypedDict, total=False):
    author_association: Any


class _Head(TypedDict, total=False):
    repo: _Repository | None


class _PullRequest(TypedDict, total=False):
    head: _Head


class _App(TypedDict, total=False):
    slug: Any


class _Suite(TypedDict, total=False):
    head_branch: Any
    app: _App | None


class _Check(TypedDict, total=False):
    name: Any
    app: _App | None
    check_suite: _Suite


class _WorkflowRun(TypedDict, total=False):
    path: Any
    head_branch: Any


class _Installation(TypedDict, total=False):
    id: Any


class Payload(TypedDict, total=False):
    """What `hint_of` and the app ask for. A test holds each of GitHub's published examples against it."""

    action: Any
    ref: Any
    context: Any
    state: Any
    branches: list[_Named]
    repository: _Repository
    repositories: list[_Repository]
    repositories_added: list[_Repository]
    installation: _Installation
    sender: _Account | None
    issue: _Issue
    comment: _Comment
    review: _Review
    pull_request: _PullRequest
    check_run: _Check
    check_suite: _Suite
    workflow_run: _WorkflowRun


_ADAPTER = TypeAdapter(Payload)


def read_payload(raw: str | bytes) -> dict[str, Any] | None:
    """None for JSON that is no object. Raises `ValueError` for what is no JSON."""
    try:
        return dict(_ADAPTER.validate_json(raw))
    except ValidationError:
        # Not as GitHub describes it, or no JSON: read whole, so that it is told which.
        payload = from_json(raw)
        return payload if isinstance(payload, dict) else None
