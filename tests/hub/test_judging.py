"""The judge itself: each kind of difference is seen, and in CI there is something to judge by."""

import copy
import json
import os
from typing import Any

import pytest

from bot.hub import seed
from bot.hub.webhooks import deliveries
from tests.contract import payloads, rest, spoken
from tests.contract.counts import missing
from tests.contract.schemas import shape_of
from tests.contract.watching import SEEN
from tests.hub.conftest import World
from tests.hub.test_webhooks import Receiver

here = pytest.mark.skipif(bool(missing()), reason=f"not here: {', '.join(missing())}; `make references` fetches it")
REPO = "/repos/ada/engine"


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="outside of CI the descriptions may be missing")
def test_in_ci_githubs_descriptions_are_here() -> None:
    assert missing() == [], "`make references` fetches them with npm"


def differing(told: dict[str, Any], change: str) -> dict[str, Any]:
    told = copy.deepcopy(told)
    match change:
        case "renamed":
            told["heading"] = told.pop("title")
        case "gone":
            del told["user"]["login"]
        case "null":
            told["created_at"] = None
        case "another kind":
            told["number"] = str(told["number"])
        case "no time":
            told["updated_at"] = "yesterday"
        case "no such word":
            told["labels"][0]["color"] = 7
        case "one too many":
            told["labels"][0]["shade"] = "light"
    return told


CHANGES = {
    "": [],
    "renamed": ["the whole: 'title' is a required property", "the whole: nobody described 'heading'"],
    "gone": ["user: 'login' is a required property"],
    "null": ["created_at: None is not of type 'string'"],
    "another kind": ["number: '1' is not of type 'integer'"],
    "no time": ["updated_at: 'yesterday' is not a 'date-time'"],
    "no such word": ["labels/0/color: 7 is not of type 'string'"],
    "one too many": ["labels/0: nobody described 'shade'"],
}


@here
@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_that_differs_is_told_with_its_place(world: World, change: str) -> None:
    world.ada.post(f"{REPO}/issues", json={"title": "Leaks", "labels": ["bug"]})
    told = world.ada.get(f"{REPO}/issues/1").json()
    one = rest.operation("GET", f"{REPO}/issues/1")
    assert one is not None

    assert rest.answer_faults(one, 200, differing(told, change)) == CHANGES[change]


@here
@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_is_no_shape_that_was_judged_before(world: World, change: str) -> None:
    made = world.ada.post(f"{REPO}/issues", json={"title": "Leaks", "labels": ["bug"]}).json()
    words = rest.openapi().words
    same = made | {"title": "Drips", "id": 12, "updated_at": "2027-01-01T00:00:00Z"}

    assert shape_of(made, words) == shape_of(same, words)
    assert (shape_of(differing(made, change), words) == shape_of(made, words)) is (change == "")


@here
@pytest.mark.parametrize(
    ("method", "path", "query", "body", "told"),
    [
        ("GET", f"{REPO}/issues", "state=open&per_page=100", None, []),
        ("GET", f"{REPO}/issues", "state=ajar", None, ["query parameter state: the whole: 'ajar' is not one of ['open', 'closed', 'all']"]),
        ("GET", f"{REPO}/issues", "colour=red", None, ["nobody described the query parameter 'colour'"]),
        ("GET", "/repos/ada/engine/issues/one", "", None, ["path parameter issue_number: the whole: 'one' is not of type 'integer'"]),
        ("POST", f"{REPO}/issues", "", {"body": "x"}, ["body: the whole: 'title' is a required property"]),
        ("POST", f"{REPO}/issues", "", {"title": "x", "urgent": True}, ["body: the whole: nobody described 'urgent'"]),
        ("POST", f"{REPO}/issues", "", None, ["the body is missing"]),
    ],
)
def test_a_request_that_github_would_not_know_is_told(method: str, path: str, query: str, body: Any, told: list[str]) -> None:
    one = rest.operation(method, path)
    assert one is not None
    assert rest.request_faults(one, path, query, body) == told


@here
@pytest.mark.parametrize(
    ("document", "variables", "told"),
    [
        ("query($n: Int!) { viewer { issues(first: $n) { totalCount } } }", {"n": 3}, ""),
        ("{ viewer { nickname } }", {}, "Cannot query field 'nickname' on type 'User'"),
        ("{ viewer { issues(top: 3) { totalCount } } }", {}, "Unknown argument 'top'"),
        ("query($n: Int!) { viewer { issues(first: $n) { totalCount } } }", {}, "Variable '$n' has invalid value"),
        ("{ viewer { login } }", {"n": 3}, "the document declares no $n"),
        ("{ viewer { ", {}, "Syntax Error"),
    ],
)
def test_a_document_that_github_would_refuse_is_told(document: str, variables: dict[str, Any], told: str) -> None:
    found = " ".join(spoken.document_faults(document, variables))
    assert told in found
    assert bool(told) == bool(found)


@here
def test_a_webhook_that_differs_is_told(world: World) -> None:
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret="s")
    world.ada.post(f"{REPO}/issues", json={"title": "Leaks"})
    receiver = Receiver()
    deliveries.deliver_pending(world.hub, receiver)
    payload = json.loads(receiver.got[-1][1])

    assert payloads.payload_faults("issues", payload) == []
    assert payloads.payload_faults("issues", payload | {"action": "sung"}) == ["GitHub sends no such webhook"]
    assert payloads.payload_faults("issues", payload | {"sender": None})
    assert payloads.payload_faults("issues", payload | {"mood": "good"}) == ["the whole: nobody described 'mood'"]


@here
def test_a_call_that_nobody_described_fails_the_test_in_which_it_came(world: World) -> None:
    world.client(**{"User-Agent": "githubkit/1"}).get(f"{REPO}/weather")

    assert SEEN.taken() == [f"GET {REPO}/weather asked: GitHub has no such operation"]
