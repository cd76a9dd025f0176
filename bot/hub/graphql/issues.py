"""GraphQL: issues, what they share with pull requests, their comments, and what is on the page below them."""

from collections.abc import Mapping
from typing import Any

from bot.hub.changes import closing
from bot.hub.graphql.things import (
    ISSUES,
    PULLS,
    Fields,
    Info,
    Resolver,
    Thing,
    connection,
    constant,
    count,
    flag,
    issue_or_pull,
    many,
    one,
    query_connection,
    repository_of,
    root,
    things,
    user,
)
from bot.hub.graphql.timeline import timeline_items
from bot.hub.shapes import markdown, reactions
from bot.hub.web.access import has_role
from bot.hub.web.context import current

NONE = connection([], {})


def author(text: Thing, _info: Info) -> Thing | None:
    return user(text["author_id"])


def editor(text: Thing, _info: Info) -> Thing | None:
    return user(text["editor_id"])


def association(text: Thing, _info: Info) -> str:
    repo = repo_of(text)
    if repo["owner_id"] == text["author_id"]:
        return "OWNER"
    found = one("select 1 from collaborators where repo_id = ? and user_id = ?", repo.id, text["author_id"])
    return "COLLABORATOR" if found else "NONE"


def repo_of(text: Thing) -> Thing:
    if "repo_id" in text.row.keys():  # noqa: SIM118 - a row's own `in` looks at its values
        return repository_of(text["repo_id"])
    return repository_of(subject_of(text)["repo_id"])


def repository(text: Thing, _info: Info) -> Thing:
    return repo_of(text)


def subject_of(text: Thing) -> Thing:
    found = issue_or_pull(text["issue_id"])
    assert found is not None
    return found


def edits(text: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    """All of an issue's, oldest first; of a comment only the last one is remembered."""
    found = many("select * from issue_edits where issue_id = ? order by id", text.id) if text.kind == "Issue" else []
    if not found and text["edited_at"]:
        return connection([_edit(text, 0, text["edited_at"], text["editor_id"], text["body"])], arguments)
    return connection([_edit(text, row["id"], row["at"], row["editor_id"], row["body"]) for row in found], arguments)


def _edit(text: Thing, number: int, at: str, editor_id: int, body: str) -> dict[str, Any]:
    told = {"id": f"UCE_{text.kind}{text.id}.{number}", "createdAt": at, "editedAt": at, "updatedAt": at}
    return told | {"editor": user(editor_id), "deletedAt": None, "deletedBy": None, "diff": body}


def may_update(text: Thing) -> bool:
    actor = current().actor
    return text["author_id"] == actor.user_id or has_role(repo_of(text).row, "write", "issues", "pull_requests")


_REACTED = {
    "Issue": "issues",
    "PullRequest": "issues",
    "IssueComment": "comments",
    "PullRequestReviewComment": "review_comments",
    "PullRequestReview": "reviews",
}


def reaction_groups(text: Thing, _info: Any = None) -> list[dict[str, Any]]:
    rows = reactions.to(_REACTED[text.kind], text.id) if text.kind in _REACTED else []
    return [
        {
            "content": name,
            "createdAt": next((row["created_at"] for row in rows if row["content"] == content), None),
            "rows": [row for row in rows if row["content"] == content],
            "viewerHasReacted": any(row["content"] == content and row["user_id"] == current().actor.user_id for row in rows),
            "subject": text,
        }
        for content, name in reactions.CONTENTS.items()
    ]


def reactors(group: Mapping[str, Any], info: Info, **arguments: Any) -> dict[str, Any]:
    """Among users there are only people; an app's bot is a reactor alone."""
    found = [(who, row["created_at"]) for row in group["rows"] if (who := user(row["user_id"]))]
    wanted = [one for one in found if info.field_name == "reactors" or one[0].kind == "User"]
    page = connection([who for who, _ in wanted], arguments)
    when = dict(wanted)
    return page | {"edges": [edge | {"reactedAt": when[edge["node"]]} for edge in page["edges"]]}


def body_html(text: Thing, _info: Info) -> str:
    repo = repo_of(text)
    return markdown.render(text["body"], issues_at=f"{root()}/{repo['owner']}/{repo['name']}/issues")


COMMENT: dict[str, Resolver] = {
    "author": author,
    "authorAssociation": association,
    "body": lambda text, _info: text["body"] or "",
    "bodyHTML": body_html,
    "bodyText": lambda text, _info: markdown.plain(text["body"]),
    "createdViaEmail": constant(False),
    "editor": editor,
    "includesCreatedEdit": lambda text, _info: text["edited_at"] is not None,
    "lastEditedAt": lambda text, _info: text["edited_at"],
    "publishedAt": lambda text, _info: text["created_at"],
    "reactionGroups": reaction_groups,
    "repository": repository,
    "userContentEdits": edits,
    "viewerCanReact": constant(True),
    "viewerCanUpdate": lambda text, _info: may_update(text),
    "viewerCannotUpdateReasons": lambda text, _info: [] if may_update(text) else ["INSUFFICIENT_ACCESS"],
    "viewerDidAuthor": lambda text, _info: text["author_id"] == current().actor.user_id,
}


def subject_path(subject: Thing) -> str:
    repo = repository_of(subject["repo_id"])
    return f"/{repo['owner']}/{repo['name']}/{'pull' if subject.kind == 'PullRequest' else 'issues'}/{subject['number']}"


def path(subject: Thing, info: Info) -> str:
    relative = info.field_name.lower().endswith("path")
    return f"{'' if relative else root()}{subject_path(subject)}"


def comment_path(comment: Thing, info: Info) -> str:
    relative = info.field_name.lower().endswith("path")
    return f"{'' if relative else root()}{subject_path(subject_of(comment))}#issuecomment-{comment.id}"


def labels(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    asked = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    order = "name" if asked["field"] == "NAME" else "labels.id"
    rows = many(
        f"select labels.* from labels join issue_labels on label_id = labels.id where issue_id = ? order by {order} {asked['direction']}",
        subject.id,
    )
    return connection(things("Label", rows), arguments)


def assignees(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many("select users.* from users join issue_assignees on user_id = users.id where issue_id = ? order by users.id", subject.id)
    return connection(things("User", rows), arguments)


def comments(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    asked = arguments.get("orderBy")
    order = f"updated_at {asked['direction']}, id {asked['direction']}" if asked else "id"
    return query_connection("IssueComment", "select * from comments where issue_id = ?", [subject.id], order, arguments)


def participants(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many(
        "select * from users where id = ? or id in (select author_id from comments where issue_id = ?) order by id",
        subject["author_id"],
        subject.id,
    )
    return connection([Thing("User", row) for row in rows], arguments)


def board_items(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    archived = "" if arguments.get("includeArchived", True) else " and not archived"
    return query_connection("ProjectV2Item", f"select * from board_items where issue_id = ?{archived}", [subject.id], "id", arguments)


def closing_pulls(issue: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    """Pull requests whose text says that merging them closes this issue."""
    repo = repository_of(issue["repo_id"])
    states = "" if arguments.get("includeClosedPrs") else " and (issues.state = 'open' or merged_at is not null)"
    rows = many(f"{PULLS} where repo_id = ? and instr(body, '#' || ?){states} order by number", repo.id, str(issue["number"]))
    name = f"{repo['owner']}/{repo['name']}"
    return connection([Thing("PullRequest", row) for row in rows if issue["number"] in closing.named_issues(row["body"], name)], arguments)


def parent(issue: Thing, _info: Info) -> Thing | None:
    row = one("select parent_id from sub_issues where child_id = ?", issue.id)
    return issue_or_pull(row["parent_id"]) if row else None


CHILDREN = f"{ISSUES} and id in (select child_id from sub_issues where parent_id = ?)"


def sub_issues(issue: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    order = "(select position from sub_issues where child_id = issues.id), id"
    return query_connection("Issue", CHILDREN, [issue.id], order, arguments)


def sub_issues_summary(issue: Thing, _info: Info) -> dict[str, int]:
    total = count(CHILDREN, issue.id)
    done = count(f"{CHILDREN} and state = 'closed'", issue.id) if total else 0
    return {"total": total, "completed": done, "percentCompleted": done * 100 // total if total else 0}


def state_reason(issue: Thing, _info: Info, **_options: Any) -> str | None:
    return issue["state_reason"].upper() if issue["state_reason"] else None


def may_label(subject: Thing, _info: Info) -> bool:
    return has_role(repo_of(subject).row, "triage", "issues", "pull_requests")


def no_board(*_: Any, **__: Any) -> None:
    return None


SUBJECT: dict[str, Resolver] = COMMENT | {
    "activeLockReason": constant(None),
    "assignees": assignees,
    "closed": lambda subject, _info: subject["state"] == "closed",
    "comments": comments,
    "isReadByViewer": constant(True),
    "labels": labels,
    "locked": flag("locked"),
    "participants": participants,
    "projectCards": constant(NONE),
    "projectItems": board_items,
    "projectV2": no_board,
    "projectsV2": constant(NONE),
    "resourcePath": path,
    "timelineItems": timeline_items,
    "titleHTML": lambda subject, _info: markdown.plain(subject["title"]),
    "url": path,
    "viewerCanClose": lambda subject, _info: may_update(subject),
    "viewerCanLabel": may_label,
    "viewerCanReopen": lambda subject, _info: may_update(subject),
}

FIELDS: Fields = {
    "ReactionGroup": {"users": reactors, "reactors": reactors},
    "Issue": SUBJECT
    | {
        "bodyResourcePath": path,
        "bodyUrl": path,
        "closedByPullRequestsReferences": closing_pulls,
        "isPinned": constant(False),
        "parent": parent,
        "state": lambda issue, _info: issue["state"].upper(),
        "stateReason": state_reason,
        "subIssues": sub_issues,
        "subIssuesSummary": sub_issues_summary,
    },
    "IssueComment": COMMENT
    | {
        "isMinimized": constant(False),
        "issue": lambda comment, _info: subject_of(comment),
        "minimizedReason": constant(None),
        "pullRequest": lambda comment, _info: found if (found := subject_of(comment)).kind == "PullRequest" else None,
        "resourcePath": comment_path,
        "url": comment_path,
        "viewerCanDelete": lambda comment, _info: may_update(comment),
        "viewerCanMinimize": constant(False),
    },
}
