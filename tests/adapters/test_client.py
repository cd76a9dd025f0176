"""What the client makes of GitHub's answers, good and bad; the faults are the embedded GitHub's own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from bot.adapters.github.client import AppKey, connect
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import UNLIMITED, Call
from bot.hub import seed
from bot.hub.web import faults
from bot.ports import GitHubError, GitHubErrorKind
from tests.adapters.hub_repository import NAME, HubRepository, Watch

Kind = GitHubErrorKind


def answering(*answers: httpx.Response | Exception) -> tuple[Any, Watch]:
    """A client of a server that gives these answers in turn, after it has said who we are."""
    watch, left = Watch(), [httpx.Response(200, json={"login": "ann"}), *answers]

    def answer(request: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    governor = Governor(clock=watch, limits=UNLIMITED)
    return connect("ghp_x", repository=NAME, governor=governor, clock=watch, transport=httpx.MockTransport(answer)), watch


def error(*answers: httpx.Response | Exception, method: str = "POST") -> tuple[GitHubError, Watch]:
    client, watch = answering(*answers)
    with pytest.raises(GitHubError) as caught:
        client.rest(method, "issues", body={"title": "x"} if method == "POST" else None)
    return caught.value, watch


def test_it_knows_who_it_is_as_app_and_as_person(place: HubRepository) -> None:
    assert (place.worker.identity.login, place.worker.identity.is_app) == ("acme-worker[bot]", True)
    assert (place.person("bea").identity.login, place.person("bea").identity.is_app) == ("bea", False)


def test_an_apps_token_for_git_is_minted_when_it_is_asked_for(place: HubRepository) -> None:
    token = place.worker.identity.token()

    assert place.connected(token).identity.login == "acme-worker[bot]"
    assert place.worker.identity.token() == token


def test_a_key_that_github_does_not_know_is_refused_in_words(place: HubRepository) -> None:
    with pytest.raises(GitHubError, match="401") as caught:
        place.connected("ghp_wrong")
    assert caught.value.kind is Kind.REFUSED
    assert "ghp_wrong" not in str(caught.value)


def test_an_app_that_is_not_installed_here_is_told_so(place: HubRepository) -> None:
    app = seed.add_app(place.hub, "stranger", owner="acme", permissions={})
    with pytest.raises(GitHubError, match="installed on this repository"):
        place.connected(AppKey(app_id=app.id, private_key=app.private_key_pem))


@dataclass
class Meddling(httpx.BaseTransport):
    """Takes one field out of the JSON that comes back from one place, as a server does that is only somewhat like GitHub."""

    inner: httpx.BaseTransport
    place: str
    field: str

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        if not request.url.path.endswith(self.place):
            return answer
        told = json.loads(answer.read())
        del told[self.field]
        return httpx.Response(answer.status_code, json=told, request=request)


@pytest.mark.parametrize(
    ("at", "field", "told"),
    [
        ("/app", "slug", "The answer to GET /app is not as GitHub gives it: `slug`, it is missing."),
        ("/installation", "permissions", "The answer to GET installation is not as GitHub gives it: `permissions`, it is missing."),
        ("/access_tokens", "expires_at", "`expires_at`, field required."),
        ("/access_tokens", "token", "`token`, field required."),
    ],
)
@pytest.mark.parametrize("use", ["rest", "git"])
def test_an_answer_that_lacks_something_is_told_in_one_sentence(place: HubRepository, at: str, field: str, told: str, use: str) -> None:
    transport = Meddling(place.transport, at, field)
    governor = Governor(clock=place.watch, limits=UNLIMITED)

    def ask() -> object:
        client = connect(place.keys["worker"], repository=NAME, governor=governor, clock=place.watch, transport=transport)
        return client.rest("GET", "issues") if use == "rest" else client.identity.token()

    with pytest.raises(GitHubError) as caught:
        ask()

    assert told in str(caught.value)
    assert len(str(caught.value)) < 300
    assert caught.value.kind is Kind.REFUSED, "trying again would not help"
    assert place.watch.waited == []


def test_a_read_is_tried_again_after_a_server_error_and_after_a_cut_connection(place: HubRepository) -> None:
    person = place.person("ann")
    faults.fail_next(place.hub, "GET", "/issues", 502, times=1)
    faults.cut_connection(place.hub, "GET", "/issues", times=1)

    assert person.rest("GET", "issues") == []
    assert place.watch.waited == [1.0, 2.0]


def test_a_create_is_never_sent_twice(place: HubRepository) -> None:
    person = place.person("ann")
    faults.fail_after_work(place.hub, "POST", "/issues")

    with pytest.raises(GitHubError) as caught:
        person.rest("POST", "issues", body={"title": "Once"})

    assert caught.value.kind is Kind.UNREACHABLE
    assert [issue["title"] for issue in person.rest("GET", "issues")] == ["Once"]


def test_a_secondary_limit_without_a_header_means_a_minute_of_silence(place: HubRepository) -> None:
    person, other = place.person("ann"), place.person("bea")
    faults.secondary_limit(place.hub)

    for _ in range(2):
        with pytest.raises(GitHubError) as caught:
            person.rest("GET", "issues")
        assert caught.value.kind is Kind.LIMITED
        assert caught.value.resume_at == place.watch.time + timedelta(seconds=60)

    sent = place.hub.db().execute("select count(*) from requests where actor = 'ann' and path like '%/issues'").fetchone()[0]
    assert sent <= 1  # the second one never left
    assert other.rest("GET", "issues") == []
    place.watch.time += timedelta(seconds=61)
    assert person.rest("GET", "issues") == []


def test_a_limit_says_itself_when_it_ends(place: HubRepository) -> None:
    person = place.person("ann")
    faults.secondary_limit(place.hub, retry_after=17)

    with pytest.raises(GitHubError) as caught:
        person.rest("POST", "issues", body={"title": "x"})
    assert caught.value.resume_at == place.watch.time + timedelta(seconds=17)


def test_a_primary_limit_lasts_until_its_reset() -> None:
    reset = Watch().time + timedelta(minutes=15)
    found, _ = error(httpx.Response(403, json={"message": "API rate limit exceeded"}, headers=used_up(reset)))

    assert (found.kind, found.resume_at) == (Kind.LIMITED, reset)


def used_up(reset: datetime) -> dict[str, str]:
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}


def test_a_primary_limit_in_graphqls_good_status_is_one_too() -> None:
    reset = Watch().time + timedelta(minutes=15)
    said = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    client, _ = answering(httpx.Response(200, json=said, headers=used_up(reset)))

    with pytest.raises(GitHubError) as caught:
        client.graphql("query { viewer { login } }")
    assert (caught.value.kind, caught.value.resume_at) == (Kind.LIMITED, reset)


def test_a_missing_permission_is_named() -> None:
    told, _ = error(
        httpx.Response(
            403, json={"message": "Resource not accessible by integration"}, headers={"x-accepted-github-permissions": "issues=write"}
        )
    )
    guessed, _ = error(httpx.Response(403, json={"message": "Resource not accessible by integration"}))

    assert told.kind is guessed.kind is Kind.REFUSED
    assert "Resource not accessible by integration" in str(told)
    assert "`issues=write`" in str(told)
    assert "`issues: write`" in str(guessed)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx.Response(404, json={"message": "Not Found"}), Kind.GONE, "404 Not Found"),
        (httpx.Response(410, json={"message": "Issues are disabled"}), Kind.GONE, "Issues are disabled"),
        (
            httpx.Response(
                422, json={"message": "Validation Failed", "errors": [{"resource": "Issue", "field": "title", "code": "missing_field"}]}
            ),
            Kind.REFUSED,
            "Issue title missing_field",
        ),
        (httpx.Response(503, text="<html>Unicorn</html>"), Kind.UNREACHABLE, "503"),
        (httpx.Response(200, text="<html>Sign in to the airport's network</html>"), Kind.UNREACHABLE, "no JSON"),
        (httpx.ReadTimeout("slow"), Kind.UNREACHABLE, "gave no answer"),
    ],
)
def test_every_no_has_its_kind_and_githubs_own_words(answer: httpx.Response | Exception, kind: Kind, words: str) -> None:
    found, _ = error(answer)

    assert found.kind is kind
    assert words in str(found)


def test_a_query_that_github_could_not_finish_is_tried_again() -> None:
    busy = httpx.Response(200, json={"data": None, "errors": [{"message": "Something went wrong while executing your query."}]})
    client, watch = answering(busy, httpx.Response(200, json={"data": {"viewer": {"login": "ann"}}}))

    assert client.graphql("query { viewer { login } }") == {"viewer": {"login": "ann"}}
    assert watch.waited == [1.0]


def test_what_did_not_change_costs_nothing(place: HubRepository) -> None:
    person = place.person("ann")
    person.rest("GET", "issues")
    person.rest("GET", "issues")

    rows = place.hub.db().execute("select status from requests where actor = 'ann' and path like '%/issues'").fetchall()
    assert [row["status"] for row in rows] == [200, 304]
    assert place.governor.counts["free"] == 1


def test_the_clock_is_told_the_servers_time(place: HubRepository) -> None:
    place.person("ann").rest("GET", "issues")

    assert parsedate_to_datetime(place.watch.dates[-1]) == place.watch.time


def test_writes_keep_a_second_between_them_and_reads_do_not_wait() -> None:
    watch = Watch()
    governor = Governor(clock=watch)

    for writes in (True, False, True, True):
        with governor.turn("ann", Call(writes=writes, creates=int(writes))):
            pass

    assert watch.waited == [1.0, 1.0]
    assert {kind: count for kind, count in governor.counts.items() if count} == {"write": 3, "read": 1, "create": 3}


def test_one_client_serves_several_threads(place: HubRepository) -> None:
    person = place.person("ann")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: person.rest("GET", "issues"), range(12)))

    assert answers == [[]] * 12


@pytest.mark.parametrize(
    ("login", "able"),
    [("ann", True), ("bea", True), ("mallory", False), ("nobody-at-all", False), ("ghost", False), ("x[bot]", False), ("", False)],
)
def test_only_who_has_write_may_write(place: HubRepository, login: str, able: bool) -> None:
    assert Collaborators(client=place.worker).may_write(login) is able


def test_an_app_may_write_and_still_decides_nothing_for_people(place: HubRepository) -> None:
    seed.set_role(place.hub, NAME, "acme-worker[bot]", "write")

    assert not Collaborators(client=place.reviewer).may_write("acme-worker[bot]")


def test_a_right_that_is_taken_away_is_gone_within_minutes(place: HubRepository) -> None:
    collaborators = Collaborators(client=place.worker)
    assert collaborators.may_write("bea")
    seed.set_role(place.hub, NAME, "bea", "read")
    place.watch.time += timedelta(minutes=6)

    assert not collaborators.may_write("bea")
