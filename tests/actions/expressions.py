"""The part of GitHub's expression language that the shipped workflows use; anything else is an error, so that nothing passes unread.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>\|\||&&|==|!=|[!().,]))")
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
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


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
            value = value or other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.next_is("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self) -> Any:
        value = self.single()
        while mark := self.next_is("==", "!="):
            same = as_text(value).casefold() == as_text(self.single()).casefold()
            value = same if mark == "==" else not same
        return value

    def single(self) -> Any:
        if self.next_is("!"):
            return not self.single()
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
                return as_text(given[0]).casefold().startswith(as_text(given[1]).casefold())
            case "contains":
                wanted = as_text(given[1]).casefold()
                return wanted in (
                    [as_text(one).casefold() for one in given[0]] if isinstance(given[0], list) else as_text(given[0]).casefold()
                )
            case "fromJSON":
                return json.loads(given[0])
            case "toJSON":
                return json.dumps(given[0])
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
            value = value.get(key) if isinstance(value, Mapping) else None
        return value
