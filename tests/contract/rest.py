"""GitHub's OpenAPI description: which operation a call is, and what is wrong with its request or its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.contract.schemas import OPENAPI, Description, description

# What any operation may answer, whether or not its own description lists it, and the schema that is then held against the body:
# https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api and .../best-practices (conditional requests, 304).
ANYWHERE = {
    "304": None,
    "400": "basic-error",  # problems parsing JSON
    "401": "basic-error",  # bad credentials
    "403": "basic-error",  # missing permissions, and limits
    "404": "basic-error",  # not there, or not to be seen
    "422": "validation-error",  # a body that is not as it must be
    "429": "basic-error",  # limits
}


@dataclass(frozen=True, eq=False)
class Operation:
    """`name` is as in the description: `GET /repos/{owner}/{repo}`."""

    name: str
    pattern: re.Pattern[str]
    text: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]


def openapi() -> Description:
    return description(OPENAPI)


@lru_cache(maxsize=1)
def _operations() -> dict[str, list[Operation]]:
    """By method. The better match comes first: fewer holes, as `/issues/comments/{id}`, then more words, since some holes take slashes."""
    found: dict[str, list[Operation]] = {}
    for path, methods in sorted(openapi().text["paths"].items(), key=lambda item: (item[0].count("{"), -len(item[0]))):
        for method, text in methods.items():
            parameters = tuple(map(openapi().resolved, text.get("parameters", ())))
            deep = {one["name"] for one in parameters if one.get("x-multi-segment")}
            parts = [part if place % 2 == 0 else _hole(part, deep) for place, part in enumerate(re.split(r"\{([^}]+)\}", path))]
            pattern = re.compile("".join(part if place % 2 else re.escape(part) for place, part in enumerate(parts)) + r"\Z")
            found.setdefault(method.upper(), []).append(
                Operation(name=f"{method.upper()} {path}", pattern=pattern, text=text, parameters=parameters)
            )
    return found


def _hole(name: str, deep: Iterable[str]) -> str:
    return f"(?P<{re.sub('[^a-z0-9]', '_', name)}>{'.*' if name in deep else '[^/]+'})"


@lru_cache(maxsize=4096)
def operation(method: str, path: str) -> Operation | None:
    """`path` is as it was sent, still quoted."""
    return next((one for one in _operations().get(method, ()) if _match(one, path)), None)


def _match(one: Operation, path: str) -> re.Match[str] | None:
    """A hole that takes slashes may be empty, and then its slash may be missing: `/contents` is the root of a repository's files."""
    plain = path.removeprefix("/api/v3")
    return one.pattern.match(plain) or one.pattern.match(f"{plain}/")


def request_faults(one: Operation, path: str, query: str, body: Any) -> list[str]:
    """What GitHub would not know in this request, or not take. `body` is None where nothing was sent."""
    match = _match(one, path)
    assert match is not None
    known = {
        "path": {name: unquote(value) for name, value in match.groupdict().items()},
        "query": dict(parse_qsl(query, keep_blank_values=True)),
    }
    wrong: list[str] = []
    for parameter in one.parameters:
        given = known.get(parameter["in"], {}).pop(
            re.sub("[^a-z0-9]", "_", parameter["name"]) if parameter["in"] == "path" else parameter["name"], None
        )
        if given is not None:
            schema = openapi().resolved(parameter["schema"])
            name = f"{one.name} {parameter['in']} {parameter['name']}"
            wrong += [
                f"{parameter['in']} parameter {parameter['name']}: {fault}"
                for fault in openapi().faults(name, schema, _read(given, schema))
            ]
        elif parameter.get("required") and parameter["in"] in known:
            wrong.append(f"{parameter['in']} parameter {parameter['name']} is missing")
    wrong += [f"nobody described the query parameter {name!r}" for name in known["query"]]
    return wrong + _body_faults(one, body)


def _body_faults(one: Operation, body: Any) -> list[str]:
    wanted = openapi().resolved(one.text.get("requestBody"))
    if wanted is None:
        return [] if body is None else ["nobody described a body"]
    if body is None:
        return ["the body is missing"] if wanted.get("required") else []
    schema = wanted["content"]["application/json"]["schema"]
    return [f"body: {fault}" for fault in openapi().faults(f"{one.name} body", schema, body)]


def _read(text: str, schema: dict[str, Any]) -> Any:
    """A parameter's text as what its schema speaks of."""
    kinds: Sequence[str] = [schema.get("type", ""), *(form.get("type", "") for word in ("oneOf", "anyOf") for form in schema.get(word, ()))]
    if "integer" in kinds and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text.split(",") if schema.get("type") == "array" else text


def answer_faults(one: Operation, status: int, body: Any) -> list[str]:
    """`body` is None where the answer had none, or none that is JSON."""
    answer = openapi().resolved(one.text["responses"].get(str(status)))
    if answer is None:
        if str(status) not in ANYWHERE:
            return [f"GitHub never answers {status}"]
        general = ANYWHERE[str(status)]
        schema = openapi().text["components"]["schemas"][general] if general else None
        return openapi().faults(f"any {general}", schema, body) if schema and body is not None else []
    forms = answer.get("content", {})
    schema = forms.get("application/json", {}).get("schema")
    if body is not None and not forms and body != {} and status < 400:
        return ["a body, where GitHub sends none"]
    if schema is None or body is None:
        return []
    return openapi().faults(f"{one.name} {status}", schema, body)
