"""GraphQL mutations about issues: making and closing them, comments, labels, people, sub-issues."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.hub.graphql.nodes import load
from bot.hub.graphql.rest import at, at_issue, mutation, present, rest
from bot.hub.graphql.things import Fields, Refused, Thing, cursor, issue_or_pull, one, repository_of, unresolvable, user
from bot.hub.web.context import current

Input = Mapping[str, Any]


def expect(node_id: str, *kinds: str) -> Thing:
    found = load(node_id)
    if found.kind not in kinds:
        raise unresolvable(node_id)
    return found


def subject(node_id: str) -> Thing:
    return expect(node_id, "Issue", "PullRequest")


def again(thing: Thing) -> Thing:
    """The same issue or pull request as it is now."""
    found = issue_or_pull(thing.id)
    assert found is not None
    return found


def names(node_ids: Iterable[str] | None) -> list[str] | None:
    return None if node_ids is None else [expect(node_id, "Label")["name"] for node_id in node_ids]


def logins(node_ids: Iterable[str] | None) -> list[str] | None:
    return None if node_ids is None else [expect(node_id, "User", "Bot")["login"] for node_id in node_ids]


def me() -> Thing | None:
    return user(current().actor.user_id)


def comment_row(comment_id: int) -> Thing:
    row = one("select * from comments where id = ?", comment_id)
    assert row is not None
    return Thing("IssueComment", row)


def add_comment(given: Input) -> dict[str, Any]:
    about = subject(given["subjectId"])
    made = rest("POST", f"{at_issue(about)}/comments", {"body": given["body"]})
    return {"commentEdge": {"node": comment_row(made["id"]), "cursor": cursor(made["id"])}, "subject": again(about)}


def _comment_path(comment: Thing) -> str:
    about = issue_or_pull(comment["issue_id"])
    assert about is not None
    return f"{at(repository_of(about['repo_id']))}/issues/comments/{comment.id}"


def update_comment(given: Input) -> dict[str, Any]:
    comment = expect(given["id"], "IssueComment")
    rest("PATCH", _comment_path(comment), {"body": given["body"]})
    return {"issueComment": comment_row(comment.id)}


def delete_comment(given: Input) -> dict[str, Any]:
    rest("DELETE", _comment_path(expect(given["id"], "IssueComment")))
    return {}


def add_labels(given: Input) -> dict[str, Any]:
    about = subject(given["labelableId"])
    rest("POST", f"{at_issue(about)}/labels", {"labels": names(given["labelIds"])})
    return {"labelable": again(about)}


def remove_labels(given: Input) -> dict[str, Any]:
    about = subject(given["labelableId"])
    there = {label["name"] for label in rest("GET", f"{at_issue(about)}/labels?per_page=100")}
    for name in names(given["labelIds"]) or []:
        if name in there:
            rest("DELETE", f"{at_issue(about)}/labels/{name}")
    return {"labelable": again(about)}


def clear_labels(given: Input) -> dict[str, Any]:
    about = subject(given["labelableId"])
    rest("PUT", f"{at_issue(about)}/labels", {"labels": []})
    return {"labelable": again(about)}


def create_label(given: Input) -> dict[str, Any]:
    repo = expect(given["repositoryId"], "Repository")
    made = rest("POST", f"{at(repo)}/labels", present(name=given["name"], color=given["color"], description=given.get("description")))
    row = one("select * from labels where id = ?", made["id"])
    assert row is not None
    return {"label": Thing("Label", row)}


def add_assignees(given: Input) -> dict[str, Any]:
    about = subject(given["assignableId"])
    rest("POST", f"{at_issue(about)}/assignees", {"assignees": logins(given["assigneeIds"])})
    return {"assignable": again(about)}


def remove_assignees(given: Input) -> dict[str, Any]:
    about = subject(given["assignableId"])
    rest("DELETE", f"{at_issue(about)}/assignees", {"assignees": logins(given["assigneeIds"])})
    return {"assignable": again(about)}


def create_issue(given: Input) -> dict[str, Any]:
    repo = expect(given["repositoryId"], "Repository")
    people, marks = logins(given.get("assigneeIds")), names(given.get("labelIds"))
    made = rest("POST", f"{at(repo)}/issues", present(title=given["title"], body=given.get("body"), labels=marks, assignees=people))
    issue = issue_or_pull(made["id"])
    if issue and given.get("parentIssueId"):
        _nest(subject(given["parentIssueId"]), issue)
    return {"issue": issue}


def update_issue(given: Input) -> dict[str, Any]:
    issue = expect(given["id"], "Issue")
    state = given["state"].lower() if given.get("state") else None
    fields = present(title=given.get("title"), body=given.get("body"), state=state, labels=names(given.get("labelIds")))
    rest("PATCH", at_issue(issue), fields | present(assignees=logins(given.get("assigneeIds"))))
    return {"issue": again(issue), "actor": me()}


def close_issue(given: Input) -> dict[str, Any]:
    issue = expect(given["issueId"], "Issue")
    reason = (given.get("stateReason") or "COMPLETED").lower()
    rest("PATCH", at_issue(issue), {"state": "closed", "state_reason": reason})
    return {"issue": again(issue)}


def reopen_issue(given: Input) -> dict[str, Any]:
    issue = expect(given["issueId"], "Issue")
    rest("PATCH", at_issue(issue), {"state": "open"})
    return {"issue": again(issue)}


def _nest(parent: Thing, child: Thing, *, replace: bool = False) -> None:
    rest("POST", f"{at_issue(parent)}/sub_issues", {"sub_issue_id": child.id, "replace_parent": replace})


def add_sub_issue(given: Input) -> dict[str, Any]:
    parent = expect(given["issueId"], "Issue")
    if not given.get("subIssueId"):
        raise Refused("UNPROCESSABLE", "subIssueId is needed")
    child = expect(given["subIssueId"], "Issue")
    _nest(parent, child, replace=bool(given.get("replaceParent")))
    return {"issue": again(parent), "subIssue": again(child)}


def remove_sub_issue(given: Input) -> dict[str, Any]:
    parent, child = expect(given["issueId"], "Issue"), expect(given["subIssueId"], "Issue")
    rest("DELETE", f"{at_issue(parent)}/sub_issue", {"sub_issue_id": child.id})
    return {"issue": again(parent), "subIssue": again(child)}


FIELDS: Fields = {
    "Mutation": {
        "addAssigneesToAssignable": mutation(add_assignees),
        "addComment": mutation(add_comment),
        "addLabelsToLabelable": mutation(add_labels),
        "addSubIssue": mutation(add_sub_issue),
        "clearLabelsFromLabelable": mutation(clear_labels),
        "closeIssue": mutation(close_issue),
        "createIssue": mutation(create_issue),
        "createLabel": mutation(create_label),
        "deleteIssueComment": mutation(delete_comment),
        "removeAssigneesFromAssignable": mutation(remove_assignees),
        "removeLabelsFromLabelable": mutation(remove_labels),
        "removeSubIssue": mutation(remove_sub_issue),
        "reopenIssue": mutation(reopen_issue),
        "updateIssue": mutation(update_issue),
        "updateIssueComment": mutation(update_comment),
    }
}
