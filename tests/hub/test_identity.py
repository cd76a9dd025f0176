"""Who is asking, and what is said to those who may not."""

import httpx

from tests.hub.conftest import World


def test_a_person_reads_their_own_account(world: World) -> None:
    answer = world.ada.get("/user")
    assert answer.json()["login"] == "ada"


def test_anonymous_readers_see_public_repositories(world: World) -> None:
    assert world.client().get("/repos/ada/engine").json()["full_name"] == "ada/engine"


def test_an_unknown_token_is_refused_as_bad_credentials(world: World) -> None:
    answer = world.client("Bearer nonsense").get("/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_an_installation_token_dies_after_an_hour_of_the_hubs_clock(world: World) -> None:
    worker = world.add_app("worker")
    assert worker.get("/repos/ada/engine").status_code == 200
    world.clock.forward(minutes=61)
    assert worker.get("/repos/ada/engine").json()["message"] == "Bad credentials"


def test_links_lead_back_by_the_way_the_question_came(world: World) -> None:
    client = httpx.Client(transport=world.transport, base_url="http://git.example.org/api/v3")
    assert client.get("/repos/ada/engine").json()["issues_url"] == "http://git.example.org/api/v3/repos/ada/engine/issues{/number}"
