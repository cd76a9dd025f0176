"""What a request says: the fields of its body and its query parameters, each of its kind."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, overload

from flask import request

from bot.hub.web.answers import Problem

T = TypeVar("T")


def json_body() -> dict[str, Any]:
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Problem(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "Body should be a JSON object")
    return body


NAMES = {str: "a string", int: "an integer", bool: "a boolean", list: "an array", dict: "an object"}


@overload
def field(body: Mapping[str, Any], name: str, kind: type[T]) -> T | None: ...
@overload
def field(body: Mapping[str, Any], name: str, kind: type[T], *, required: bool) -> T: ...
def field(body: Mapping[str, Any], name: str, kind: type[T], *, required: bool = False) -> T | None:
    """A field of the body if it is there and of its kind; the words for what is not are GitHub's."""
    value = body.get(name)
    if value is None:
        if required:
            raise Problem(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Problem(422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)} is not {NAMES[kind]}.")
    return value


def words(body: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of strings, or of objects that have a name."""
    value: list[Any] | None = field(body, name, list)
    if value is None:
        return None
    found: list[Any] = [item.get("name") if isinstance(item, dict) else item for item in value]
    if not all(isinstance(item, str) for item in found):
        raise Problem(422, f"Invalid request.\n\nFor 'properties/{name}', the items are not strings.")
    return found


def one_of(name: str, default: str, allowed: Iterable[str]) -> str:
    """A query parameter with a closed set of values."""
    value = request.args.get(name, default)
    if value not in allowed:
        raise Problem(422, "Validation Failed", [{"resource": "Search", "field": name, "code": "invalid"}])
    return value


def moment(text: str, name: str = "since") -> str:
    """A time that was asked for, in the one form in which times are kept."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+ ]00:?00)?)?", text)
    if match is None:
        raise Problem(422, "Validation Failed", [{"resource": "Issue", "field": name, "code": "invalid"}])
    return f"{match[1]}T{match[2] or '00:00:00'}Z"
