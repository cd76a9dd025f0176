"""Boards (Projects v2): who sees them, how their fields are filled, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.hub.changes import boards
from tests.hub.garden import HOME, Garden, issue, plot

DESCRIPTION = Path(__file__).parents[2] / ".cache" / "openapi" / "api.github.com.json"


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    made = plot(tmp_path)
    boards.add_board(
        made.hub,
        "orchard",
        "Work",
        repository=HOME,
        fields={"Status": ["Ready", "Working", "Done"], "Agent": "text", "Progress %": "number", "Due": "date"},
    )
    issue(made, "One", "", [])
    return made


AT = "/orgs/orchard/projectsV2/1"


def fields(garden: Garden) -> dict[str, Any]:
    return {field["name"]: field for field in garden.ask("GET", f"{AT}/fields?per_page=100", who="groundskeeper")}


def put(garden: Garden) -> int:
    row = garden.ask("GET", f"/repos/{HOME}/issues/1")
    return int(garden.ask("POST", f"{AT}/items", {"type": "Issue", "id": row["id"]}, who="groundskeeper")["id"])


def shown(garden: Garden, item: int) -> dict[str, Any]:
    return {field["name"]: field["value"] for field in garden.ask("GET", f"{AT}/items/{item}", who="groundskeeper")["fields"]}


def test_an_issue_is_on_a_board_once_however_often_it_is_added(garden: Garden) -> None:
    # docs: automating-your-project/using-the-api-to-manage-projects: adding twice answers with the item that is there.
    assert put(garden) == put(garden)
    by_name = garden.ask("POST", f"{AT}/items", {"type": "Issue", "owner": "orchard", "repo": "marrow", "number": 1}, who="groundskeeper")
    assert by_name["id"] == put(garden)
    assert len(garden.ask("GET", f"{AT}/items", who="groundskeeper")) == 1


def test_several_fields_are_filled_at_once_and_emptied(garden: Garden) -> None:
    item, known = put(garden), fields(garden)
    working = next(option["id"] for option in known["Status"]["options"] if option["name"]["raw"] == "Working")
    values = {"Status": working, "Agent": "7", "Progress %": 45, "Due": "2026-03-09"}
    garden.ask(
        "PATCH",
        f"{AT}/items/{item}",
        {"fields": [{"id": known[name]["id"], "value": value} for name, value in values.items()]},
        who="groundskeeper",
    )
    now = shown(garden, item)
    assert now["Status"]["name"]["raw"] == "Working"
    assert (now["Agent"]["raw"], now["Progress %"], now["Due"]) == ("7", 45, "2026-03-09")
    garden.ask("PATCH", f"{AT}/items/{item}", {"fields": [{"id": known["Agent"]["id"], "value": None}]}, who="groundskeeper")
    assert shown(garden, item)["Agent"] is None


@pytest.mark.parametrize(
    ("name", "value"), [("Status", "no-such-option"), ("Progress %", "much"), ("Due", "soon"), ("Agent", 7), ("Title", "x")]
)
def test_a_value_that_does_not_fit_changes_nothing(garden: Garden, name: str, value: object) -> None:
    item, known = put(garden), fields(garden)
    wanted = [{"id": known["Agent"]["id"], "value": "3"}, {"id": known[name]["id"], "value": value}]
    garden.ask("PATCH", f"{AT}/items/{item}", {"fields": wanted}, who="groundskeeper", status=422)
    assert shown(garden, item)["Agent"] is None


def test_an_app_sees_organizations_boards_and_not_a_persons(garden: Garden) -> None:
    # FACTS 3: "an installation token sees organization boards only (a user-owned board comes back as an empty list, not an error)".
    boards.add_board(garden.hub, "ada", "Private plans")
    assert [board["title"] for board in garden.ask("GET", "/users/ada/projectsV2", who="ada")] == ["Private plans"]
    assert garden.ask("GET", "/users/ada/projectsV2", who="groundskeeper") == []
    seen = garden.data(
        '{ user(login: "ada") { projectsV2(first: 5) { nodes { title } } } organization(login: "orchard") { projectsV2(first: 5) { nodes { title } } } }',
        who="groundskeeper",
    )
    assert seen["user"]["projectsV2"]["nodes"] == []
    assert seen["organization"]["projectsV2"]["nodes"] == [{"title": "Work"}]


def test_aliased_mutations_fill_fields_and_tell_which_one_failed(garden: Garden) -> None:
    row = garden.ask("GET", f"/repos/{HOME}/issues/1")
    board = garden.data('{ organization(login: "orchard") { projectV2(number: 1) { id field(name: "Status") { ... on ProjectV2SingleSelectField {'
                        " id options { id name } } } agent: field(name: \"Agent\") { ... on ProjectV2Field { id } } } } }")["organization"]["projectV2"]  # fmt: skip
    add = "mutation($board: ID!, $issue: ID!) { addProjectV2ItemById(input: {projectId: $board, contentId: $issue}) { item { id } } }"
    item = garden.data(add, who="groundskeeper", board=board["id"], issue=row["node_id"])["addProjectV2ItemById"]["item"]["id"]
    fill = (
        "mutation($board: ID!, $item: ID!, $status: ID!, $agent: ID!, $option: String!) {"
        " status: updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $item, fieldId: $status, value: {singleSelectOptionId: $option}}) {"
        " projectV2Item { id } }"
        ' wrong: updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $item, fieldId: $status, value: {singleSelectOptionId: "x"}}) {'
        " projectV2Item { id } }"
        ' agent: updateProjectV2ItemFieldValue(input: {projectId: $board, itemId: $item, fieldId: $agent, value: {text: "3"}}) { projectV2Item {'
        ' fieldValueByName(name: "Agent") { ... on ProjectV2ItemFieldTextValue { text } } status: fieldValueByName(name: "Status") {'
        " ... on ProjectV2ItemFieldSingleSelectValue { name } } } } }"
    )
    ready = next(option["id"] for option in board["field"]["options"] if option["name"] == "Ready")
    answer = garden.graphql(
        fill, who="groundskeeper", board=board["id"], item=item, status=board["field"]["id"], agent=board["agent"]["id"], option=ready
    )
    assert answer["data"]["agent"]["projectV2Item"] == {"fieldValueByName": {"text": "3"}, "status": {"name": "Ready"}}
    assert [error["path"] for error in answer["errors"]] == [["wrong"]]


def test_a_board_is_made_given_fields_and_taken_away_by_graphql(garden: Garden) -> None:
    owner = garden.data('{ organization(login: "orchard") { id } }')["organization"]["id"]
    made = garden.data(
        'mutation($owner: ID!) { createProjectV2(input: {ownerId: $owner, title: "New"}) { projectV2 { id number } } }',
        who="groundskeeper",
        owner=owner,
    )["createProjectV2"]["projectV2"]
    assert made["number"] == 2
    field = garden.data(
        'mutation($board: ID!) { createProjectV2Field(input: {projectId: $board, dataType: SINGLE_SELECT, name: "Phase", singleSelectOptions: ['
        '{name: "A", color: GREEN, description: ""}]}) { projectV2Field { ... on ProjectV2SingleSelectField { id options { name color } } } } }',
        who="groundskeeper",
        board=made["id"],
    )["createProjectV2Field"]["projectV2Field"]
    assert field["options"] == [{"name": "A", "color": "GREEN"}]
    garden.data("mutation($id: ID!) { deleteProjectV2(input: {projectId: $id}) { clientMutationId } }", who="groundskeeper", id=made["id"])
    garden.ask("GET", "/orgs/orchard/projectsV2/2", who="groundskeeper", status=404)


def test_replacing_the_options_keeps_what_still_has_its_name(garden: Garden) -> None:
    item, known = put(garden), fields(garden)
    ids = {option["name"]["raw"]: option["id"] for option in known["Status"]["options"]}
    garden.ask("PATCH", f"{AT}/items/{item}", {"fields": [{"id": known["Status"]["id"], "value": ids["Done"]}]}, who="groundskeeper")
    change = (
        "mutation($id: ID!, $options: [ProjectV2SingleSelectFieldOptionInput!]) { updateProjectV2Field(input: {fieldId: $id, singleSelectOptions:"
        " $options}) { projectV2Field { ... on ProjectV2SingleSelectField { options { name } } } } }"
    )
    for names, left in ((["Done", "Late"], "Done"), (["Late"], None)):
        options = [{"name": name, "color": "GRAY", "description": ""} for name in names]
        garden.data(change, who="groundskeeper", id=known["Status"]["node_id"], options=options)
        value = shown(garden, item)["Status"]
        assert (value["name"]["raw"] if value else None) == left


def test_an_app_without_the_right_to_boards_is_told_so(garden: Garden) -> None:
    with garden.hub.write() as db:
        db.execute("update installations set permissions = ?", (json.dumps({"issues": "write", "organization_projects": "read"}),))
    row = garden.ask("GET", f"/repos/{HOME}/issues/1")
    garden.ask("POST", f"{AT}/items", {"type": "Issue", "id": row["id"]}, who="groundskeeper", status=403)


def test_answers_are_as_the_published_description_says(garden: Garden) -> None:
    if not DESCRIPTION.exists():
        pytest.skip("GitHub's published OpenAPI description is not in .cache/openapi: npm pack @octokit/openapi@23.0.2")
    import jsonschema

    item, known = put(garden), fields(garden)
    values = [{"id": known["Agent"]["id"], "value": "7"}, {"id": known["Status"]["id"], "value": known["Status"]["options"][0]["id"]}]
    garden.ask("PATCH", f"{AT}/items/{item}", {"fields": values}, who="groundskeeper")
    view = garden.ask("POST", f"{AT}/views", {"name": "By phase", "layout": "board", "filter": "is:open"}, who="groundskeeper")
    one = {"projects-v2": garden.ask("GET", AT), "projects-v2-view": view}
    one |= {"projects-v2-item-with-content": garden.ask("GET", f"{AT}/items/{item}"), "projects-v2-field": known["Status"]}
    description = json.loads(DESCRIPTION.read_text())
    for name, answer in one.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        wrong = [
            error.json_path
            for error in jsonschema.Draft4Validator(schema).iter_errors(answer)
            if "None is not of type" not in error.message
        ]
        assert wrong == [], name
