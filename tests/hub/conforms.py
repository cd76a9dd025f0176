"""Holding one answer or webhook of the hub against GitHub's published descriptions, where a test is about nothing else."""

from typing import Any

import httpx
import pytest

from tests.contract import payloads, rest
from tests.contract.allowed import allowance
from tests.contract.schemas import OPENAPI, WEBHOOKS

needs_description = pytest.mark.skipif(
    not OPENAPI.exists(), reason="GitHub's OpenAPI description is not here: `make references` fetches it"
)
needs_webhooks = pytest.mark.skipif(
    not WEBHOOKS.exists(), reason="GitHub's description of its webhooks is not here: `make references` fetches it"
)


def faults_of(answer: httpx.Response) -> list[str]:
    """What in this answer is not as GitHub describes it; empty when all is."""
    one = rest.operation(answer.request.method, answer.request.url.path)
    if one is None:
        return [f"{answer.request.method} {answer.request.url.path} is not in GitHub's description"]
    found = rest.answer_faults(one, answer.status_code, answer.json() if answer.content else None)
    return [line for fault in found if allowance(line := f"{one.name} {answer.status_code}: {fault}") is None]


def assert_conforms(answer: httpx.Response) -> httpx.Response:
    found = faults_of(answer)
    assert not found, "\n".join(found)
    return answer


def payload_faults(event: str, payload: dict[str, Any]) -> list[str]:
    """What in a webhook's payload is not as GitHub describes it."""
    name = payloads.kind(event, payload)
    return [line for fault in payloads.payload_faults(event, payload) if allowance(line := f"webhook {name}: {fault}") is None]
