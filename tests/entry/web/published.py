"""GitHub's published webhooks: examples as they are, and payloads made from the published schemas, always the same ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_PLACE = Path(__file__).resolve().parents[3] / ".cache" / "webhooks"
EXAMPLES, SCHEMAS = _PLACE / "examples.json", _PLACE / "schemas.json"
"""npm's @octokit/webhooks-examples and @octokit/openapi-webhooks; `make references` fetches them."""
_DEEPEST = 4
_TEXT = "text"
_FORMATS = {
    "date-time": "2026-11-21T09:00:00Z", "date": "2026-11-21", "uri": "https://example.org/", "uri-template": "https://example.org/{x}",
    "email": "ann@example.org",
}  # fmt: skip

_NAMED = {"full_name": "octo-org/octo-repo", "default_branch": "main", "head_branch": "agent-1/project-7", "ref": "refs/heads/main"}
"""What schemas call no more than a string."""


@dataclass(frozen=True, kw_only=True)
class Published:
    event: str
    payload: Mapping[str, Any]
    origin: str


def examples() -> list[Published]:
    listed = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return [
        Published(event=one["name"], payload=payload, origin=f"{one['name']} {place}")
        for one in listed
        for place, payload in enumerate(one["examples"])
    ]


def generated() -> list[Published]:
    """Two of each schema: with what it requires and nothing else, and with all that it allows, to a depth."""
    schemas = Schemas(document=json.loads(SCHEMAS.read_text(encoding="utf-8")))
    return [one for name in schemas.names for one in schemas.payloads(name)]


@dataclass(frozen=True, kw_only=True)
class Schemas:
    document: Mapping[str, Any]

    @cached_property
    def names(self) -> list[str]:
        return sorted(self.document["webhooks"])

    def payloads(self, name: str) -> Iterator[Published]:
        post = self.document["webhooks"][name]["post"]
        event = post["externalDocs"]["url"].partition("#")[2].replace("-", "_")
        schema = post["requestBody"]["content"]["application/json"]["schema"]
        for whole in (False, True):
            yield Published(event=event, payload=self.made(schema, whole=whole), origin=f"{name}{' whole' if whole else ''}")

    def made(self, schema: Any, *, whole: bool, depth: int = 0) -> Any:
        """The first of what is allowed; optional properties only with `whole` and near the top, since schemas contain each other."""
        if "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return self.made(found, whole=whole, depth=depth)
        for fixed in ("const", "enum"):
            if fixed in schema:
                return schema[fixed] if fixed == "const" else schema[fixed][-1 if whole else 0]
        for several in ("oneOf", "anyOf"):
            if several in schema and "properties" not in schema:
                real = [one for one in schema[several] if one.get("type") != "null"]
                return self.made((real or schema[several])[-1 if whole else 0], whole=whole, depth=depth)
        if "allOf" in schema:
            parts = [self.made(part, whole=whole, depth=depth) for part in schema["allOf"]]
            return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()} if parts else {}
        kind = schema.get("type", "object" if "properties" in schema else "null")
        kind = (kind[0] if whole else kind[-1]) if isinstance(kind, list) else kind
        if kind == "object":
            wanted = set(schema.get("required", ())) | (set(schema.get("properties", ())) if whole and depth < _DEEPEST else set())
            of = schema.get("properties", {})
            made = {key: self.made(of.get(key, {}), whole=whole, depth=depth + 1) for key in sorted(wanted)}
            return {key: _NAMED.get(key, value) if value == _TEXT else value for key, value in made.items()}
        if kind == "array":
            return [self.made(schema.get("items", {}), whole=whole, depth=depth + 1)] if whole and depth < _DEEPEST else []
        return {
            "string": _FORMATS.get(schema.get("format"), schema.get("default", _TEXT)),
            "integer": 7,
            "number": 7.5,
            "boolean": whole,
        }.get(kind)
