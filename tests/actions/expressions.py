"""The part of GitHub's expression language that the shipped workflows use; anything else is an error, so that nothing passes unread.

https://docs.github.com/actions/reference/workflows-and-actions/expressions; `make independent` holds it against GitHub's own evaluator.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>\|\||&&|==|!=|[!().,]))")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def filled(text: Any, contexts: Mapping[str, Any]) -> Any:
    """`text` with each `${{ … }}` replaced; a text that is nothing but one keeps the value's type."""
    if not isinstance(text, str):
        return text
    whole = _HOLE.fullmatch(text.strip())
    if whole is not None:
        return evaluated(whole[1], contexts)
    return _HOLE.sub(lambda hole: as_text(evaluated(hole[1], contexts)), text)


def evaluated(text: str, contexts: Mapping[str, Any]) -> Any:
    parser = _Parser(text, contexts)
    value = parser.either()
    assert parser.at_end(), f"cannot read the rest of {text!r}"
    return value


def as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            return "Object"
        case list():
            return "Array"
        case _:
            return str(value)


def _is_true(value: Any) -> bool:
    """Lists and objects are, even empty ones."""
    return isinstance(value, Mapping | list) or bool(value)


def _number(value: Any) -> float:
    """Never that of a list or an object."""
    match value:
        case None:
            return 0
        case bool() | int() | float():
            return float(value)
        case str() if not value.strip():
            return 0
        case str() if _NUMBER.fullmatch(value.strip()):
            return float(value)
        case str() if _HEXADECIMAL.fullmatch(value.strip()):
            return float(int(value, 16))
        case _:
            return math.nan


def _equal(one: Any, other: Any) -> bool:
    """Texts without regard to case; of different kinds as numbers; lists and objects only with themselves."""
    if isinstance(one, str) and isinstance(other, str):
        return one.upper() == other.upper()
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return one is other
    return _number(one) == _number(other)


def _is_plain(*values: Any) -> bool:
    return not any(isinstance(value, Mapping | list) for value in values)


class _Parser:
    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        self.contexts, self.at = contexts, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        text = text.strip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            assert found is not None, f"cannot read {text[place:]!r} in {text!r}"
            self.tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()

    def at_end(self) -> bool:
        return self.at == len(self.tokens)

    def next_is(self, *marks: str) -> str | None:
        if not self.at_end() and self.tokens[self.at][0] == "mark" and self.tokens[self.at][1] in marks:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def either(self) -> Any:
        value = self.both()
        while self.next_is("||"):
            other = self.both()
            value = value if _is_true(value) else other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.next_is("&&"):
            other = self.compared()
            value = other if _is_true(value) else value
        return value

    def compared(self) -> Any:
        value = self.single()
        while mark := self.next_is("==", "!="):
            same = _equal(value, self.single())
            value = same if mark == "==" else not same
        return value

    def single(self) -> Any:
        if self.next_is("!"):
            return not _is_true(self.single())
        if self.next_is("("):
            value = self.either()
            assert self.next_is(")")
            return value
        kind, text = self.tokens[self.at]
        self.at += 1
        match kind:
            case "text":
                return text[1:-1].replace("''", "'")
            case "number":
                return int(text)
            case _:
                return self.called(text) if self.next_is("(") else self.looked_up(text)

    def called(self, name: str) -> Any:
        given: list[Any] = []
        while not self.next_is(")"):
            given.append(self.either())
            self.next_is(",")
        match name:
            case "startsWith":
                return _is_plain(*given) and as_text(given[0]).upper().startswith(as_text(given[1]).upper())
            case "contains" if isinstance(given[0], list):
                return any(_equal(given[1], one) for one in given[0])
            case "contains":
                return _is_plain(*given) and as_text(given[1]).lower() in as_text(given[0]).lower()
            case "fromJSON":
                return json.loads(given[0])
            case "toJSON":
                return json.dumps(given[0], indent=2, ensure_ascii=False)
            case "always":
                return True
            case "success":
                return self.contexts["job"]["status"] == "success"
            case _:
                raise AssertionError(f"the workflows use {name}(), which is not known here")

    def looked_up(self, name: str) -> Any:
        assert name in self.contexts, f"there is no context {name}"
        value: Any = self.contexts[name]
        while self.next_is("."):
            key = self.tokens[self.at][1]
            self.at += 1
            found = {each.lower(): inner for each, inner in value.items()} if isinstance(value, Mapping) else {}
            value = found.get(key.lower())
        return value
