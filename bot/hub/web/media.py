"""Which form of an answer the `Accept` header asks for: https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from flask import Response, has_request_context, request

_ASKED = re.compile(r"application/vnd\.github(?:\.v3)?\.(?P<form>[a-z]+)(?:\+json)?")


_plain: ContextVar[bool] = ContextVar("plain", default=False)


class Form(StrEnum):
    RAW = "raw"
    TEXT = "text"
    HTML = "html"
    FULL = "full"
    DIFF = "diff"
    PATCH = "patch"
    SHA = "sha"


def form() -> Form | None:
    """The first that is known; None is plain JSON."""
    asked = request.headers.get("Accept", "") if has_request_context() and not _plain.get() else ""
    for part in asked.split(","):
        found = _ASKED.fullmatch(part.partition(";")[0].strip())
        if found is not None and found["form"] in list(Form):
            return Form(found["form"])
    return None


@contextmanager
def plainly() -> Iterator[None]:
    """What is made here goes to others than who asks, who may have asked for another form."""
    before = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(before)


def text_as(kind: Form, body: str | bytes) -> Response:
    """An answer that is no JSON, under the name that was asked for."""
    return Response(body, mimetype=f"application/vnd.github.{kind}; charset=utf-8")
