"""Webhook payloads against the published webhook schemas."""

from __future__ import annotations

from typing import Any

from tests.contract.schemas import WEBHOOKS, Description, description


def webhooks() -> Description:
    return description(WEBHOOKS)


def kind(event: str, payload: Any) -> str:
    """The event and its action, as the description calls them: `issues-opened`."""
    return "-".join([event, *([payload["action"]] if payload.get("action") else [])]).replace("_", "-")


def payload_faults(event: str, payload: Any) -> list[str]:
    found = webhooks().text["webhooks"].get(kind(event, payload))
    if found is None:
        return ["GitHub sends no such webhook"]
    return webhooks().faults(kind(event, payload), found["post"]["requestBody"]["content"]["application/json"]["schema"], payload)


def headers_missing(event: str, payload: Any, headers: dict[str, str]) -> list[str]:
    """Headers that GitHub sends always and that are not among these."""
    described = webhooks().text["webhooks"][kind(event, payload)]["post"]["parameters"]
    return sorted(
        {one["name"].lower() for one in described if one["in"] == "header" and one.get("required")} - {name.lower() for name in headers}
    )
