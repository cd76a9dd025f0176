"""Trouble on request: what the client meets is what it would meet on a bad day."""

from random import Random

import httpx
import pytest

from bot.hub import seed
from bot.hub.web import faults, limits
from bot.hub.webhooks import deliveries
from tests.hub.conftest import World

ISSUES = "/repos/ada/engine/issues"


def _titles(world: World) -> list[str]:
    return [row["title"] for row in world.hub.db().execute("select title from issues order by id")]


def test_a_refused_request_does_nothing_and_only_so_often(world: World) -> None:
    faults.fail_next(world.hub, "POST", "/issues", 502, times=2)
    answers = [world.ada.post(ISSUES, json={"title": f"try {turn}"}).status_code for turn in range(3)]
    assert answers == [502, 502, 201]
    assert _titles(world) == ["try 2"]


def test_an_answer_lost_after_the_work_leaves_the_work_done(world: World) -> None:
    faults.fail_after_work(world.hub, "POST", "/issues")
    assert world.ada.post(ISSUES, json={"title": "Made anyway"}).status_code == 502
    assert _titles(world) == ["Made anyway"]


@pytest.mark.parametrize(("after_work", "left"), [(False, []), (True, ["Half heard"])])
def test_a_cut_connection_gives_no_answer_at_all(world: World, after_work: bool, left: list[str]) -> None:
    faults.cut_connection(world.hub, "POST", "/issues", after_work=after_work)
    with pytest.raises(httpx.RemoteProtocolError):
        world.ada.post(ISSUES, json={"title": "Half heard"})
    assert _titles(world) == left


def test_trouble_that_nobody_met_can_be_told(world: World) -> None:
    faults.fail_next(world.hub, "PUT", "/merge", 409)
    assert faults.waiting(world.hub) == ["status PUT /merge x1"]


@pytest.mark.parametrize(("retry_after", "header"), [(None, None), (7, "7")])
def test_a_secondary_limit_may_or_may_not_say_how_long_to_wait(world: World, retry_after: int | None, header: str | None) -> None:
    faults.secondary_limit(world.hub, retry_after=retry_after)
    refused = world.ada.get(ISSUES)
    assert refused.status_code == 403
    assert "secondary rate limit" in refused.json()["message"]
    assert refused.headers.get("retry-after") == header
    assert world.ada.get(ISSUES).status_code == 200


def test_graphql_may_tell_a_secondary_limit_with_200(world: World) -> None:
    faults.secondary_limit(world.hub, "POST", "/graphql", status=200, retry_after=7, body="viewer")
    assert "errors" not in world.ada.post("/graphql", json={"query": "{ rateLimit { cost } }"}).json()
    refused = world.ada.post("/graphql", json={"query": "{ viewer { login } }"})
    assert (refused.status_code, refused.headers["retry-after"]) == (200, "7")
    assert "secondary rate limit" in refused.json()["errors"][0]["message"]


def test_an_exhausted_hour_refuses_until_its_reset(world: World) -> None:
    # https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    faults.exhaust_primary(world.hub, "ada", 600)
    refused = world.ada.get(ISSUES)
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(refused.headers["x-ratelimit-reset"]) == int(world.clock().timestamp()) + 600
    assert world.as_("will").get(ISSUES).status_code == 200
    world.clock.forward(seconds=601)
    assert world.ada.get(ISSUES).headers["x-ratelimit-remaining"] == "4999"


def test_graphql_tells_an_exhausted_hour_with_200(world: World) -> None:
    faults.exhaust_primary(world.hub, "ada", 600, resource="graphql")
    refused = world.ada.post("/graphql", json={"query": "{ viewer { login } }"})
    assert refused.status_code == 200
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"


def test_an_unchanged_answer_costs_nothing(world: World) -> None:
    first = world.ada.get(ISSUES)
    again = world.ada.get(ISSUES, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    world.ada.post(ISSUES, json={"title": "New"})
    assert world.ada.get(ISSUES, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_content_beyond_eighty_a_minute_is_refused_once_the_limits_are_on(world: World) -> None:
    limits.enforce_secondary(world.hub, retry_after=None)
    answers = [world.ada.post(ISSUES, json={"title": f"No. {turn}"}).status_code for turn in range(81)]
    assert answers == [201] * 80 + [403]
    world.clock.forward(seconds=61)
    assert world.ada.post(ISSUES, json={"title": "Later"}).status_code == 201


def test_half_of_the_webhooks_can_be_lost_and_others_come_twice(world: World) -> None:
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret="s")
    for turn in range(40):
        world.ada.post(ISSUES, json={"title": f"No. {turn}"})
    faults.lose_webhooks(world.hub, 0.5, Random(4))
    faults.double_webhooks(world.hub, 0.5, Random(4))
    heard: list[str] = []

    def receive(_url: str, headers: object, _body: bytes) -> int:
        assert isinstance(headers, dict)
        heard.append(headers["X-GitHub-Delivery"])
        return 202

    deliveries.deliver_pending(world.hub, receive)
    assert 8 < len(set(heard)) < 32
    assert len(heard) > len(set(heard))
