"""Where links in answers lead."""

from flask import has_request_context, request

from bot.hub.web.context import current


def root() -> str:
    """Where links lead: the host and prefix by which the request came, since clients hold us to that."""
    if not has_request_context():
        return current().hub.base_url
    prefix = "/api/v3" if request.path.startswith("/api/v3") else ""
    return request.host_url.rstrip("/") + prefix


def web() -> str:
    return request.host_url.rstrip("/") if has_request_context() else current().hub.base_url
