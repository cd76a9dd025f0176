"""Boards as an installer makes them: by an app for an organization, by a person for themselves, over REST and GraphQL."""

from typing import Any

import httpx
import pytest

from bot.hub import seed
from bot.hub.changes import boards
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

AT = "/orgs/guild/projectsV2/1"
RIGHTS = {"organization_projects": "admin", "issues": "write", "contents": "write", "metadata": "read"}


@pytest.fixture
def guild(world: World) -> World:
    """An organization with a repository in which ada is admin and rita reads."""
    seed.add_organization(world.hub, "guild")
    world.repository = seed.add_repository(world.hub, "guild", "press")
    for login, role in (("ada", "admin"), ("rita", "read")):
        seed.set_role(world.hub, "guild/press", login, role)
    world.push({"README.md": "# Press\n"})
    return world


def installed(world: World, permissions: dict[str, str]) -> httpx.Client:
    app = seed.add_app(world.hub, "installer", owner="guild", permissions=permissions)
    world.apps["installer"] = app
    seat = seed.install_app(world.hub, app.id, "guild")
    token = world.app_client("installer").post(f"/app/installations/{seat}/access_tokens", json={}).json()["token"]
    return world.client(f"Bearer {token}")


def ask(me: httpx.Client, query: str, **variables: Any) -> Any:
    answer = me.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


@needs_description
def test_an_app_makes_an_organizations_board_fills_it_and_takes_it_away(guild: World) -> None:
    app = installed(guild, RIGHTS)
    owner = ask(app, '{ organization(login: "guild") { id } repository(owner: "guild", name: "press") { id } }')
    make = "mutation($owner: ID!) { createProjectV2(input: {ownerId: $owner, title: \"Work\"}) { projectV2 { id number } } }"  # fmt: skip
    board = ask(app, make, owner=owner["organization"]["id"])["createProjectV2"]["projectV2"]
    link = "mutation($board: ID!, $repo: ID!) { %sRepository(input: {projectId: $board, repositoryId: $repo}) { repository { id } } }"
    ask(app, link % "linkProjectV2To", board=board["id"], repo=owner["repository"]["id"])
    linked = '{ repository(owner: "guild", name: "press") { projectsV2(first: 5) { totalCount } } }'
    assert ask(app, linked)["repository"]["projectsV2"]["totalCount"] == 1

    for wanted in (
        {"name": "Agent", "data_type": "text"},
        {"name": "Progress %", "data_type": "number"},
        {"name": "Due", "data_type": "date"},
        {"name": "Phase", "data_type": "single_select", "single_select_options": [{"name": "Ready", "color": "GREEN", "description": ""}]},
    ):
        assert assert_conforms(app.post(f"{AT}/fields", json=wanted)).status_code == 201
    assert app.post(f"{AT}/fields", json={"name": "agent", "data_type": "text"}).status_code == 422
    assert assert_conforms(app.post(f"{AT}/views", json={"name": "By phase", "layout": "board"})).status_code == 201
    known = {field["name"]: field for field in assert_conforms(app.get(f"{AT}/fields?per_page=100")).json()}
    assert {"Title", "Status", "Agent", "Progress %", "Due", "Phase"} <= set(known)
    assert_conforms(app.get("/orgs/guild/projectsV2"))
    assert_conforms(app.get(AT))

    issue = guild.ada.post("/repos/guild/press/issues", json={"title": "Ink"}).json()
    item = assert_conforms(app.post(f"{AT}/items", json={"type": "Issue", "id": issue["id"]})).json()["id"]
    ready = known["Phase"]["options"][0]["id"]
    several = [{"id": known["Agent"]["id"], "value": "7"}, {"id": known["Phase"]["id"], "value": ready}]
    changed = assert_conforms(app.patch(f"{AT}/items/{item}", json={"fields": several})).json()
    shown = {field["name"]: field["value"] for field in changed["fields"]}
    assert (shown["Agent"]["raw"], shown["Phase"]["name"]["raw"]) == ("7", "Ready")
    assert_conforms(app.get(f"{AT}/items"))
    assert_conforms(app.get(f"{AT}/items/{item}"))
    assert assert_conforms(app.delete(f"{AT}/items/{item}")).status_code == 204

    ask(app, link % "unlinkProjectV2From", board=board["id"], repo=owner["repository"]["id"])
    assert ask(app, linked)["repository"]["projectsV2"]["totalCount"] == 0
    ask(app, "mutation($id: ID!) { deleteProjectV2(input: {projectId: $id}) { clientMutationId } }", id=board["id"])
    assert assert_conforms(app.get("/orgs/guild/projectsV2")).json() == []


@needs_description
def test_a_persons_board_is_theirs_and_hidden_from_apps(guild: World) -> None:
    number = boards.add_board(guild.hub, "ada", "Plans", fields={"Agent": "text"})
    me = ask(guild.ada, "{ viewer { databaseId } }")["viewer"]["databaseId"]
    app = installed(guild, RIGHTS)

    assert [one["title"] for one in assert_conforms(guild.ada.get("/users/ada/projectsV2")).json()] == ["Plans"]
    assert assert_conforms(guild.ada.get(f"/users/ada/projectsV2/{number}/fields")).status_code == 200
    assert (
        assert_conforms(guild.ada.post(f"/users/{me}/projectsV2/{number}/views", json={"name": "V", "layout": "table"})).status_code == 201
    )
    assert app.get("/users/ada/projectsV2").json() == []
    assert app.get(f"/users/ada/projectsV2/{number}").status_code == 404


@pytest.mark.parametrize("who", ["a job", "an app without the right", "a reader"])
def test_who_has_no_right_to_boards_makes_none(guild: World, who: str) -> None:
    # docs: "GITHUB_TOKEN is scoped to the repository level and cannot access projects"; repository_projects is not enough.
    boards.add_board(guild.hub, "guild", "Work")
    owner = ask(guild.ada, '{ organization(login: "guild") { id } }')["organization"]["id"]
    if who == "a job":
        me = guild.client(f"Bearer {seed.add_job_token(guild.hub, 'guild/press', {'issues': 'write', 'contents': 'write'})}")
    elif who == "a reader":
        me = guild.as_("rita")
    else:
        me = installed(guild, {"repository_projects": "write", "metadata": "read"})
    make = "mutation($owner: ID!) { createProjectV2(input: {ownerId: $owner, title: \"New\"}) { projectV2 { id } } }"  # fmt: skip

    refused = me.post("/graphql", json={"query": make, "variables": {"owner": owner}}).json()

    assert refused["errors"][0]["type"] == "FORBIDDEN"
    assert me.post(f"{AT}/fields", json={"name": "Agent", "data_type": "text"}).status_code in (403, 404)
    if who != "a reader":
        assert me.get("/orgs/guild/projectsV2").json() == []
