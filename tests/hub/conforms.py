"""Holding the hub's answers against GitHub's published OpenAPI description, which nobody here wrote.

The description is npm's `@octokit/openapi`, unpacked as .cache/openapi/api.github.com.json; without it there is nothing to hold them against.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

CACHE = Path(__file__).parents[2] / ".cache"
DESCRIPTION = CACHE / "openapi" / "api.github.com.json"
WEBHOOKS = CACHE / "webhooks" / "schemas.json"
needs_description = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="GitHub's OpenAPI description is not here: `npm pack @octokit/openapi@23.0.2` into .cache/openapi"
)
needs_webhooks = pytest.mark.skipif(
    not WEBHOOKS.exists(),
    reason="GitHub's description of its webhooks is not here: `npm pack @octokit/openapi-webhooks@12.1.0` into .cache/webhooks",
)
# Where the description contradicts the documented examples, and so cannot be asked of anybody.
WRONG_THERE = (
    "account: 'name' is a required",
    "account: 'slug' is a required",
)  # an installation's account as person and enterprise at once
Operation = tuple[re.Pattern[str], str, dict[str, Any]]


@lru_cache(maxsize=1)
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return found


@lru_cache(maxsize=1)
def _operations() -> list[Operation]:
    """Every path as a pattern; a path with fewer holes is the better match, as in `/issues/comments/{id}`."""
    paths = sorted(_description()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"\\\{[^}]+\\\}", _hole, re.escape(path)) + r"\Z"), path, methods) for path, methods in paths]


def _hole(found: re.Match[str]) -> str:
    return ".+" if found[0] == r"\{path\}" else "[^/]+"  # a file's path is the one that has slashes in it


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    plain = path.removeprefix("/api/v3")
    for pattern, name, methods in _operations():
        if pattern.match(plain) and method.lower() in methods:
            return name, methods[method.lower()]
    return None


def _plain(schema: Any) -> Any:
    """OpenAPI's `nullable` in JSON Schema's words."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _plain(value) for key, value in schema.items() if key not in ("example", "examples", "discriminator", "nullable")}
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept


@lru_cache(maxsize=512)
def _validator(name: str, method: str, status: str) -> Draft202012Validator | None:
    answers = _description()["paths"][name][method]["responses"]
    answer = answers.get(status)
    if answer is None:
        return None
    if "$ref" in answer:
        answer = _resolved(answer["$ref"])
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return Draft202012Validator(True)
    return Draft202012Validator({**_plain(schema), "components": {"schemas": _named(schema)}})


def _named(schema: Any) -> dict[str, Any]:
    """The schemas that this one leads to, and no others: all of them would take seconds to read."""
    every = _description()["components"]["schemas"]
    found: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(waiting.pop())):
            if name not in found:
                found[name] = _plain(every[name])
                waiting.append(every[name])
    return found


def _resolved(reference: str) -> dict[str, Any]:
    found: Any = _description()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def faults_of(answer: httpx.Response) -> list[str]:
    """What in this answer is not as GitHub describes it; empty when all is."""
    method, path = answer.request.method, answer.request.url.path
    known = operation(method, path)
    if known is None:
        return [f"{method} {path} is not in GitHub's description"]
    validator = _validator(known[0], method.lower(), str(answer.status_code))
    if validator is None:
        return [f"{method} {known[0]} never answers {answer.status_code} at GitHub"]
    if not answer.content:
        return []
    places = [place for place in _places(validator, answer.json()) if not any(wrong in place for wrong in WRONG_THERE)]
    return [f"{method} {known[0]} {answer.status_code}: {place}" for place in places]


def _places(validator: Draft202012Validator, body: Any) -> Iterator[str]:
    """Where several forms are allowed, the form that came nearest is the one that is told about."""
    for error in validator.iter_errors(body):
        if error.validator == "oneOf" and not error.context:
            continue  # it fits several forms at once, which the description did not foresee: every issue is a draft issue too
        while error.context:
            tried = [inner for inner in error.context if inner.validator_value != "null"] or error.context
            forms = Counter(inner.schema_path[0] for inner in tried)
            nearest = min(forms, key=lambda form: forms[form])
            error = next(inner for inner in tried if inner.schema_path[0] == nearest)
        yield f"{'/'.join(map(str, error.absolute_path)) or 'the answer'}: {error.message[:160]}"


def assert_conforms(answer: httpx.Response) -> httpx.Response:
    found = faults_of(answer)
    assert not found, "\n".join(found)
    return answer


def payload_faults(event: str, payload: dict[str, Any]) -> list[str]:
    """What in a webhook's payload is not as GitHub describes it."""
    described = json.loads(WEBHOOKS.read_text())
    name = "-".join([event, *([payload["action"]] if "action" in payload else [])]).replace("_", "-")
    if name not in described["webhooks"]:
        return [f"GitHub sends no {name}"]
    schema = described["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**_plain(schema), "components": _plain(described["components"])})
    return [f"{name}: {place}" for place in _places(validator, payload)]
