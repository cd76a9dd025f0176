"""What the client makes of limits, of tokens that are over, and of a server of one's own."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from bot.adapters.github.client import connect
from bot.hub.web import faults
from bot.ports import GitHubError
from bot.ports import GitHubErrorKind as Kind
from tests.adapters.hub_repository import NAME, HubRepository
from tests.adapters.test_client import error


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("after", [None, "30"])
def test_a_secondary_limit_is_known_by_its_words_or_its_header(status: int, after: str | None) -> None:
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    found, watch = error(httpx.Response(status, json=said, headers={"retry-after": after} if after else {"x-ratelimit-remaining": "4000"}))

    assert (found.kind, found.resume_at) == (Kind.LIMITED, watch.time + timedelta(seconds=30 if after else 60))


def test_a_secondary_limit_in_graphqls_good_status_is_one_too(place: HubRepository) -> None:
    person = place.person("ann")
    faults.secondary_limit(place.hub, "POST", "/graphql", status=200)

    for _ in range(2):
        with pytest.raises(GitHubError, match=r"limit on ann; nothing is asked before|asked ann to wait") as caught:
            person.mutate("mutation { __typename }", {})
        assert caught.value.kind is Kind.LIMITED
    assert not faults.waiting(place.hub)


def test_a_limit_met_while_a_token_is_minted_is_kept_too(place: HubRepository) -> None:
    worker = place.worker
    faults.secondary_limit(place.hub, "POST", "/access_tokens", retry_after=40)

    with pytest.raises(GitHubError) as caught:
        worker.rest("GET", "issues")
    assert (caught.value.kind, caught.value.resume_at) == (Kind.LIMITED, place.watch.time + timedelta(seconds=40))
    place.watch.wait(timedelta(seconds=40))
    assert worker.rest("GET", "issues") == []


def test_a_token_that_github_does_not_take_is_minted_anew_once(place: HubRepository) -> None:
    worker = place.worker
    faults.fail_next(place.hub, "POST", "/issues", 401, message="Bad credentials")
    made = worker.rest("POST", "issues", body={"title": "Once"})
    faults.fail_next(place.hub, "POST", "/issues", 401, message="Bad credentials", times=2)

    with pytest.raises(GitHubError, match="401 Bad credentials") as caught:
        worker.rest("POST", "issues", body={"title": "Never"})
    assert caught.value.kind is Kind.REFUSED
    assert [issue["number"] for issue in worker.rest("GET", "issues")] == [made["number"]]


def test_a_server_of_ones_own_is_reached_below_its_address(place: HubRepository) -> None:
    """https://docs.github.com/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api"""
    client = connect(
        place.keys["worker"],
        repository=NAME,
        governor=place.governor,
        clock=place.watch,
        base_url="http://hub.test/api/v3",
        transport=place.transport,
    )

    assert client.rest("GET", "issues") == []
    assert client.graphql("query { viewer { login } }")["viewer"]["login"] == "acme-worker[bot]"
    assert client.identity.token().startswith("ghs_")
    paths = {row["path"] for row in place.hub.db().execute("select path from requests where path like '/api/%'")}
    assert {"/api/graphql", f"/api/v3/repos/{NAME}/issues"} <= paths
