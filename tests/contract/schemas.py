"""Holding JSON against the schemas of a published description: what is wrong in it, and what is in it that nobody described."""

from __future__ import annotations

import gc
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

PUBLISHED = Path(__file__).parents[2] / ".cache"
OPENAPI = PUBLISHED / "openapi" / "api.github.com.json"
GRAPHQL = PUBLISHED / "graphql" / "schema.graphql"
WEBHOOKS = PUBLISHED / "webhooks" / "schemas.json"

_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
_NOT_SCHEMA = frozenset({"example", "examples", "discriminator", "nullable", "description"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+\Z", re.IGNORECASE)
_formats = FormatChecker(formats=())
_formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(_TIME.match(value)))
_formats.checks("uri")(lambda value: not isinstance(value, str) or bool(_URI.match(value)))
Shape = Any


@dataclass(frozen=True, eq=False)
class Description:
    """One published file with `components`, and what was made of its parts so far."""

    text: dict[str, Any]
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    def resolved(self, part: Any) -> Any:
        while isinstance(part, dict) and "$ref" in part:
            found: Any = self.text
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            part = found
        return part

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string that some schema names one by one; of all others only the form can matter."""
        return frozenset(_words(self.text))

    def faults(self, name: str, schema: Any, value: Any) -> list[str]:
        """What in `value` is not as `schema` says, and what it does not speak of. `name` is the schema's own, to be found again by."""
        validator = self._validators.get(name)
        if validator is None:
            validator = self._validators[name] = self._validator(schema)
        return [*_places(validator, value), *self._strange([schema], value, "")]

    def _validator(self, schema: Any) -> Draft202012Validator:
        """With the schemas that this one leads to and no others: all of them would take seconds to read."""
        every = self.text["components"]["schemas"]
        found: dict[str, Any] = {}
        waiting = [schema]
        while waiting:
            for name in _REFERENCE.findall(json.dumps(waiting.pop())):
                if name not in found:
                    found[name] = _plain(every[name])
                    waiting.append(every[name])
        return Draft202012Validator({"allOf": [_plain(schema)], "components": {"schemas": found}}, format_checker=_formats)

    def _strange(self, schemas: Sequence[Any], value: Any, place: str) -> Iterator[str]:
        """Properties that no form of the schema has, where it does not leave them open."""
        every = list(self._forms(schemas))
        if isinstance(value, list):
            items = [form["items"] for form in every if "items" in form]
            for number, item in enumerate(value if items else ()):
                yield from self._strange(items, item, f"{place}/{number}")
        if not isinstance(value, dict):
            return
        known: dict[str, list[Any]] = {}
        for form in every:
            for name, inner in form.get("properties", {}).items():
                known.setdefault(name, []).append(inner)
        objects = [form for form in every if "properties" in form or "additionalProperties" in form or form.get("type") == "object"]
        is_open = not every or any(form.get("additionalProperties") or "properties" not in form for form in objects)
        for name, inner in value.items():
            if name in known:
                yield from self._strange(known[name], inner, f"{place}/{name}")
            elif not is_open:
                yield f"{place.lstrip('/') or 'the whole'}: nobody described {name!r}"

    def _forms(self, schemas: Sequence[Any]) -> Iterator[dict[str, Any]]:
        for one in schemas:
            form = self.resolved(one)
            parts = [inner for word in ("allOf", "anyOf", "oneOf") for inner in form.get(word, ())]
            yield from self._forms(parts)
            if not parts or "properties" in form:
                yield form


@contextmanager
def kept() -> Iterator[None]:
    """What is made here stays for good: looking through it for garbage, now and ever after, cost more than all the judging."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@lru_cache(maxsize=2)
def description(path: Path) -> Description:
    with kept():
        return Description(json.loads(path.read_text(encoding="utf-8")))


def shape_of(value: Any, words: frozenset[str]) -> Shape:
    """What of a value a schema can look at, hashable: two values of one shape are valid alike. Lists are as their different items."""
    if isinstance(value, str):
        if value in words:
            return value
        return "~time" if _TIME.match(value) else "~uri" if _URI.match(value) else "~text" if value else "~empty"
    if isinstance(value, dict):
        return tuple((name, shape_of(inner, words)) for name, inner in value.items())
    if isinstance(value, list):
        return frozenset(shape_of(item, words) for item in value)
    return value if value is None or isinstance(value, bool) else type(value)


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        found = part.get("enum", ())
        yield from (one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
        yield from (part["const"],) if isinstance(part.get("const"), str) else ()
        for inner in part.values():
            yield from _words(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _words(inner)


def _plain(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words; a property may be called as one of the words that are left out."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _plain(inner) for name, inner in value.items()} if key == "properties" else _plain(value)
        for key, value in schema.items()
        if key not in _NOT_SCHEMA
    }
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept


def _places(validator: Draft202012Validator, body: Any) -> Iterator[str]:
    """Where several forms are allowed, the form that came nearest is the one that is told about."""
    for error in validator.iter_errors(body):
        while error.context:
            tried = [inner for inner in error.context if inner.validator_value != "null"] or error.context
            forms = Counter(inner.schema_path[0] for inner in tried)
            depths = {inner.schema_path[0]: len(inner.path) for inner in tried}
            nearest = min(forms, key=lambda form: (forms[form], -depths[form]))
            error = next(inner for inner in tried if inner.schema_path[0] == nearest)
        said = "several forms fit it, where one is to" if error.validator == "oneOf" and not error.context else error.message[:160]
        yield f"{'/'.join(map(str, error.absolute_path)) or 'the whole'}: {said}"
