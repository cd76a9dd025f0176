"""GraphQL as GitHub answers it: what is asked for, in pages, with errors in its form."""

from pathlib import Path

import pytest

from bot.hub.store import node_ids
from tests.hub.garden import HOME, Garden, comment, issue, plot, pull

REPO = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) "
NEAR = {"owner": "orchard", "name": "marrow"}


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    return plot(tmp_path)


def test_an_issue_tells_all_that_a_snapshot_needs(garden: Garden) -> None:
    number = issue(garden, "Lost line", "See `parse`", ["agent:ready"])
    comment(garden, number, "Seen too", who="ben")
    garden.ask("PATCH", f"/repos/{HOME}/issues/{number}", {"body": "Changed"})
    shown = garden.data(
        REPO + "{ issue(number: 1) { id databaseId title body state stateReason author { login __typename ... on User { databaseId } }"
        " editor { login } lastEditedAt labels(first: 5) { nodes { name color } } comments(last: 5) { totalCount nodes { body author { login } } }"
        " timelineItems(first: 9, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { actor { login } label { name } createdAt } } }"
        " userContentEdits(first: 5) { nodes { editedAt editor { login } } } subIssuesSummary { total } parent { number } } } }",
        **NEAR,
    )["repository"]["issue"]
    assert shown["author"] == {"login": "ada", "__typename": "User", "databaseId": 2}
    assert (shown["title"], shown["body"], shown["state"], shown["stateReason"]) == ("Lost line", "Changed", "OPEN", None)
    assert shown["labels"]["nodes"] == [{"name": "agent:ready", "color": "ededed"}]
    assert shown["comments"] == {"totalCount": 1, "nodes": [{"body": "Seen too", "author": {"login": "ben"}}]}
    assert [node["label"]["name"] for node in shown["timelineItems"]["nodes"]] == ["agent:ready"]
    assert shown["editor"] == {"login": "ada"}
    assert len(shown["userContentEdits"]["nodes"]) == 1
    assert shown["id"] == garden.ask("GET", f"/repos/{HOME}/issues/{number}")["node_id"]


def test_lists_are_paged_to_their_end(garden: Garden) -> None:
    for place in range(5):
        issue(garden, f"Bed {place}", "", [])
    query = (
        'query($after: String) { repository(owner: "orchard", name: "marrow") { issues(first: 2, after: $after, states: OPEN,'
        " orderBy: {field: CREATED_AT, direction: DESC}) { totalCount pageInfo { hasNextPage endCursor } nodes { number } } } }"
    )
    seen, after = [], None
    while True:
        page = garden.data(query, after=after)["repository"]["issues"]
        assert page["totalCount"] == 5
        seen += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_labels_filter_by_any_of_them_and_since_is_inclusive(garden: Garden) -> None:
    issue(garden, "One", "", ["red"])
    issue(garden, "Two", "", ["blue"])
    at = garden.hub.now()
    issue(garden, "Three", "", ["green"])
    query = REPO + "{ issues(first: 9, FILTER) { nodes { title } } } }"
    either = garden.data(query.replace("FILTER", 'labels: ["red", "green"]'), **NEAR)["repository"]["issues"]["nodes"]
    since = garden.data(query.replace("FILTER", f'filterBy: {{since: "{at}"}}'), **NEAR)["repository"]["issues"]["nodes"]
    assert [node["title"] for node in either] == ["One", "Three"]
    assert [node["title"] for node in since] == ["Two", "Three"]


# docs: graphql/overview/rate-limits-and-query-limits-for-the-graphql-api, "Node limit"
@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value"),
        ("(first: 101)", "EXCESSIVE_PAGINATION", "exceeds the `first` limit of 100 records"),
    ],
)
def test_a_list_must_say_how_much_of_it(garden: Garden, arguments: str, kind: str, words: str) -> None:
    answer = garden.graphql(REPO + f"{{ labels{arguments} {{ nodes {{ name }} }} }} }}", **NEAR)
    assert answer["errors"][0]["type"] == kind
    assert words in answer["errors"][0]["message"]


def test_what_is_not_there_is_told_beside_what_is(garden: Garden) -> None:
    answer = garden.graphql(
        '{ here: repository(owner: "orchard", name: "marrow") { name } gone: repository(owner: "orchard", name: "elm") { name } }'
    )
    assert answer["data"] == {"here": {"name": "marrow"}, "gone": None}
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["gone"])
    assert error["message"] == "Could not resolve to a Repository with the name 'orchard/elm'."


def test_an_unknown_field_is_named_as_github_names_it(garden: Garden) -> None:
    (error,) = garden.graphql("{ viewer { wishes } }")["errors"]
    assert error["message"] == "Field 'wishes' doesn't exist on type 'User'"
    assert error["extensions"]["code"] == "undefinedField"


def test_nobody_may_ask_without_a_token(garden: Garden) -> None:
    answer = garden.app.test_client().post("/graphql", json={"query": "{ viewer { login } }"})
    assert answer.status_code == 401


def test_the_cost_is_one_point_for_each_hundred_lists(garden: Garden) -> None:
    # docs: the worked example of the rate-limit page: (1 + 100 + 100 * 50 = 5,101 requests) / 100 = 51 points.
    limit = garden.data(
        '{ rateLimit { cost nodeCount limit remaining used resetAt } organization(login: "orchard") { repositories(first: 100) { nodes {'
        " issues(first: 50) { nodes { labels(first: 60) { nodes { name } } } } } } } }"
    )["rateLimit"]
    assert limit["cost"] == 51
    assert limit["nodeCount"] == 100 + 100 * 50 + 100 * 50 * 60
    assert limit["remaining"] == limit["limit"] - limit["used"]


def test_a_pull_request_tells_its_head_checks_reviews_and_threads(garden: Garden) -> None:
    number, sha = pull(garden, "Change", "Closes #9", "agent-1/project-9", {"marrow/parser.py": "x = 1\ny = 2\n"})
    run = {"name": "groundskeeper/review", "head_sha": sha, "status": "completed", "conclusion": "success"}
    garden.ask("POST", f"/repos/{HOME}/check-runs", run, who="groundskeeper-review")
    place = {"path": "marrow/parser.py", "line": 1, "side": "RIGHT", "body": "Why?"}
    review = {"event": "REQUEST_CHANGES", "body": "Not yet", "commit_id": sha, "comments": [place]}
    garden.ask("POST", f"/repos/{HOME}/pulls/{number}/reviews", review, who="groundskeeper-review")
    query = REPO + (
        "{ pullRequest(number: 1) { id headRefName headRefOid baseRefName isDraft merged mergeable mergeStateStatus additions deletions changedFiles"
        " author { login __typename ... on Bot { databaseId } } reviewDecision files(first: 5) { nodes { path additions } }"
        " reviews(last: 5) { nodes { state body author { login } commit { oid } } }"
        " reviewThreads(first: 5) { nodes { isResolved path line comments(first: 5) { nodes { body } } } }"
        " commits(last: 1) { totalCount nodes { commit { oid message author { name } statusCheckRollup { state contexts(first: 9) { nodes {"
        " __typename ... on CheckRun { name conclusion checkSuite { app { slug } workflowRun { databaseId } } } } } } } } } } } }"
    )
    garden.push("main", {"other.txt": "1\n"}, "Meanwhile")
    first = garden.data(query, **NEAR)["repository"]["pullRequest"]
    again = garden.data(query, **NEAR)["repository"]["pullRequest"]
    # REST docs, "Get a pull request": mergeable is worked out in the background, and unknown to the first who asks.
    assert (first["mergeable"], again["mergeable"]) == ("UNKNOWN", "MERGEABLE")
    assert first["headRefOid"] == sha
    assert first["author"]["login"] == "groundskeeper"
    assert first["author"]["__typename"] == "Bot"
    assert first["reviewDecision"] == "CHANGES_REQUESTED"
    assert first["reviews"]["nodes"] == [
        {"state": "CHANGES_REQUESTED", "body": "Not yet", "author": {"login": "groundskeeper-review"}, "commit": {"oid": sha}}
    ]
    assert first["reviewThreads"]["nodes"][0]["comments"]["nodes"] == [{"body": "Why?"}]
    (commit,) = first["commits"]["nodes"]
    assert commit["commit"]["message"] == "Change"
    rollup = commit["commit"]["statusCheckRollup"]
    assert rollup["state"] == "SUCCESS"
    assert rollup["contexts"]["nodes"][0]["name"] == "groundskeeper/review"
    assert rollup["contexts"]["nodes"][0]["checkSuite"] == {"app": {"slug": "groundskeeper-review"}, "workflowRun": None}


def test_refs_outside_branches_and_tags_are_not_there(garden: Garden) -> None:
    sha = garden.push("main", {"a": "b"}, "More")
    garden.ask("POST", f"/repos/{HOME}/git/refs", {"ref": "refs/groundskeeper/project/1", "sha": sha})
    shown = garden.data(
        REPO + '{ id custom: ref(qualifiedName: "refs/groundskeeper/project/1") { name } branch: ref(qualifiedName: "refs/heads/main") {'
        ' name target { oid } } object(expression: "main:README.md") { ... on Blob { text } } } }',
        **NEAR,
    )["repository"]
    assert shown["custom"] is None
    assert shown["branch"] == {"name": "main", "target": {"oid": sha}}
    assert shown["object"]["text"].startswith("# marrow")


def test_a_node_id_finds_its_thing_and_a_wrong_one_nothing(garden: Garden) -> None:
    issue(garden, "One", "", [])
    answer = garden.graphql(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Issue { title } } }", ids=[node_ids.encode("Issue", 1), "I_nonsense"]
    )
    assert answer["data"]["nodes"] == [{"__typename": "Issue", "title": "One"}, None]
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_searching_finds_by_words_labels_and_state(garden: Garden) -> None:
    issue(garden, "Parser stops early", "", ["bug"])
    issue(garden, "Write more", "", ["bug"])
    found = garden.data(
        "query($q: String!) { search(type: ISSUE, first: 10, query: $q) { issueCount nodes { ... on Issue { title } } } }",
        q=f"repo:{HOME} is:issue is:open label:bug parser",
    )["search"]
    assert found == {"issueCount": 1, "nodes": [{"title": "Parser stops early"}]}
