"""Reading loosely typed manifests: a table where there is one, a list of words where there is one, nothing instead of an exception."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from typing import Any

from bot.core.environment.facts import Environment

_TESTS = ("test", "tests", "testing")
_DEVELOPMENT = ("dev", "develop", "development")


def toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def table(data: object, *keys: str) -> dict[str, Any]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def words(data: object) -> tuple[str, ...]:
    return tuple(one for one in data if isinstance(one, str)) if isinstance(data, list) else ()


def for_tests(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that mean tests, as they are written there; where none does, those that mean development, which is more."""
    written = {name.casefold(): name for name in names}
    named = [tuple(written[name] for name in meaning if name in written) for meaning in (_TESTS, _DEVELOPMENT)]
    return named[0] or named[1]


def combined(parts: Iterable[Environment]) -> Environment:
    """One after the other; what is said twice counts once."""
    listed = tuple(parts)
    return Environment(
        setup=_once(command for part in listed for command in part.setup),
        network=_once(host for part in listed for host in part.network),
        files=_once(path for part in listed for path in part.files),
        packages=_once(name for part in listed for name in part.packages),
        tools=_once(name for part in listed for name in part.tools),
        services=tuple(service for part in listed for service in part.services),
        path=_once(place for part in listed for place in part.path),
        variables={name: value for part in listed for name, value in part.variables.items()},
        writable=_once(place for part in listed for place in part.writable),
        sources=_once(name for part in listed for name in part.sources),
        notes=_once(note for part in listed for note in part.notes),
    )


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
