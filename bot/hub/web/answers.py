"""Answers and refusals as GitHub words them."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response

DOCS = "https://docs.github.com/rest"


class Problem(Exception):
    """An answer other than success, as GitHub words it."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        errors: Sequence[Any] = (),
        documentation_url: str = DOCS,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message or HTTPStatus(status).phrase
        self.errors = list(errors)
        self.documentation_url = documentation_url
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.message}")

    @property
    def words(self) -> str:
        """For people: what is wrong in particular, where GitHub says that."""
        return ", ".join(filter(None, map(_words, self.errors))) or self.message

    def response(self) -> Response:
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        body |= {"documentation_url": self.documentation_url, "status": str(self.status)}
        answer = answered(body, self.status)
        answer.headers.update(self.headers)
        return answer


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{str(error.get('field', '')).capitalize()} {str(error.get('code', '')).replace('_', ' ')}")


def not_found() -> Problem:
    return Problem(404, "Not Found")


def invalid(resource: str, name: str, code: str, **more: Any) -> Problem:
    """GitHub's 422 that names the field at fault; code is missing_field, invalid, already_exists or custom."""
    return Problem(422, "Validation Failed", [{"resource": resource, "code": code, "field": name} | more])


def answered(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")), status, mimetype="application/json; charset=utf-8")


def created(body: Mapping[str, Any], status: int = 201) -> Response:
    answer = answered(body, status)
    if isinstance(url := body.get("url"), str):
        answer.headers["Location"] = url
    return answer


def nothing(status: int = 204) -> Response:
    answer = Response(b"", status)
    answer.headers.pop("Content-Type", None)
    return answer
