"""The page on what is here tells the truth: each operation that it names is GitHub's and is answered, and nothing else is served."""

import html
import re

import httpx
import pytest

from bot.hub import coverage
from bot.hub.app import create_app
from bot.hub.store.hub import Hub
from tests.contract import rest
from tests.contract.schemas import OPENAPI
from tests.hub.conftest import World

SAMPLE = {"owner": "ada", "repo": "engine", "number": "1"}


@pytest.fixture
def told(world: World) -> str:
    answer = world.client().get("/coverage")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def operations(text: str) -> list[tuple[str, str]]:
    return re.findall(r"<code>(GET|POST|PUT|PATCH|DELETE) (/\S*)</code>", text)


def test_it_names_what_is_served_and_how_much(told: str, hub: Hub) -> None:
    found = operations(told)

    assert ("GET", "/repos/{owner}/{repo}/issues/{number}") in found
    assert ("POST", "/repos/{owner}/{repo}/git/trees") in found
    assert len(found) == len(set(found)) == sum(len(room.operations) for room in coverage.rest(create_app(hub)))
    assert f"{len(found)} operations of the REST API" in told
    assert "<code>hasVulnerabilityAlertsEnabled</code>" in told
    assert "<code>addComment</code>" in told


@pytest.mark.skipif(not OPENAPI.exists(), reason="GitHub's OpenAPI description is not here: `make references` fetches it")
def test_every_operation_that_it_names_is_one_of_githubs(told: str) -> None:
    strange = [(method, path) for method, path in operations(told) if rest.operation(method, re.sub(r"\{\w+\}", "1", path)) is None]

    assert strange == [("GET", "/repositories/{number}")], "which is where GitHub redirects to, though no page of its documentation says so"


def test_every_reading_operation_that_it_names_has_somebody_who_answers(told: str, world: World) -> None:
    """An unknown place is told apart by the words alone, so the routing is asked instead."""
    adapter = create_app(world.hub).url_map.bind("")
    for method, path in operations(told):
        filled = re.sub(r"\{(\w+)\}", lambda part: SAMPLE.get(part[1], "1"), path)
        endpoint, _ = adapter.match(filled, method=method)
        assert not endpoint.startswith("pages."), (method, path)


def test_it_is_as_safe_as_the_other_pages(world: World) -> None:
    answer: httpx.Response = world.client().get("/coverage")

    assert answer.headers["Content-Security-Policy"] == world.client().get("/").headers["Content-Security-Policy"]
