"""Asking a REST route from within another request: same asker, same clock, not counted again, and one set of rules for every way in."""

from collections.abc import Mapping
from typing import Any

from flask import current_app
from werkzeug.test import EnvironBuilder

from bot.hub.web.context import current


def ask(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """The JSON that the route answers with. Raises what the route raises: `Problem`, or an `HTTPException` where there is no such route."""
    builder = EnvironBuilder(method=method, path=path, json=dict(body) if body is not None else None, base_url=current().hub.base_url)
    try:
        with current_app.request_context(builder.get_environ()):
            return current_app.make_response(current_app.dispatch_request()).get_json(silent=True)
    finally:
        builder.close()
