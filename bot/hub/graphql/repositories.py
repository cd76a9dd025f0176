"""GraphQL: repositories, the people and accounts that own them, and what is looked up by name."""

from collections.abc import Sequence
from typing import Any

from bot.hub.changes import pushes
from bot.hub.graphql.things import (
    ISSUES,
    PULLS,
    REPOSITORIES,
    Fields,
    Info,
    Refused,
    Resolver,
    Thing,
    connection,
    constant,
    flag,
    issue_or_pull,
    many,
    one,
    query_connection,
    repository_of,
    root,
    things,
    user,
    user_named,
)
from bot.hub.store import node_ids, switches
from bot.hub.web.access import can_see, covers, role_of
from bot.hub.web.actors import Kind
from bot.hub.web.context import current
from bot.hub.web.fields import moment

ORDERS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "COMMENTS": "(select count(*) from comments where issue_id = issues.id)"}
STATES = {
    "OPEN": "issues.state = 'open'",
    "CLOSED": "issues.state = 'closed' and pulls.merged_at is null",
    "MERGED": "pulls.merged_at is not null",
}


def switch(name: str) -> Resolver:
    return lambda repo, _info: switches.get(current().db, repo.id, name)


def find(_source: Any, _info: Info, *, owner: str, name: str, **_rest: Any) -> Thing:
    row = one(f"{REPOSITORIES} where login = ? and repositories.name = ?", owner, name)
    if row is None or not can_see(row):
        raise Refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    pushes.notice(current().hub, row["id"], None)
    return Thing("Repository", row)


def find_account(_source: Any, info: Info, *, login: str) -> Thing | None:
    kinds = {"user": ("User", "Bot"), "organization": ("Organization",), "repositoryOwner": ("User", "Organization")}[info.field_name]
    found = user_named(login, *kinds)
    if found is None and info.field_name != "repositoryOwner":
        word = "a User" if info.field_name == "user" else "an Organization"
        raise Refused("NOT_FOUND", f"Could not resolve to {word} with the login of '{login}'.")
    return found


def viewer(_source: Any, _info: Info) -> Thing | None:
    found = user(current().actor.user_id)
    # GitHub's schema promises a User here, and shows an app's bot as one.
    return Thing("User", found.row) if found else None


def of_owner(owner: Thing, _info: Info, *, name: str, **_rest: Any) -> Thing | None:
    row = one(f"{REPOSITORIES} where owner_id = ? and repositories.name = ?", owner.id, name)
    return Thing("Repository", row) if row and can_see(row) else None


def all_of_owner(owner: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many(f"{REPOSITORIES} where owner_id = ? order by repositories.name", owner.id)
    return connection([Thing("Repository", row) for row in rows if can_see(row)], arguments)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def issues(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql, parameters = f"{ISSUES} and repo_id = ?", [repo.id]
    chosen: dict[str, Any] = arguments.get("filterBy") or {}
    more: list[Any] = []
    if states := arguments.get("states") or chosen.get("states"):
        sql += f" and state in ({_marks(states)})"
        more += [state.lower() for state in states]
    for labels in (arguments.get("labels"), chosen.get("labels")):
        if labels:
            sql += f" and id in (select issue_id from issue_labels join labels on labels.id = label_id where name in ({_marks(labels)}))"
            more += labels
    if since := chosen.get("since"):
        sql += " and updated_at >= ?"
        more.append(moment(since))
    for name, column in (("createdBy", "author_id"), ("assignee", "")):
        if login := chosen.get(name):
            whom = "(select id from users where login = ?)"
            sql += f" and {column} = {whom}" if column else f" and id in (select issue_id from issue_assignees where user_id = {whom})"
            more.append(login)
    if mentioned := chosen.get("mentioned"):
        sql += " and instr(lower(coalesce(body, '')), lower(?))"
        more.append(f"@{mentioned}")
    return query_connection("Issue", sql, [*parameters, *more], order_of(arguments.get("orderBy"), "issues"), arguments)


def order_of(asked: dict[str, str] | None, table: str) -> str:
    field, direction = (asked["field"], asked["direction"]) if asked else ("CREATED_AT", "ASC")
    return f"{ORDERS[field]} {direction}, {table}.number {direction}"


def pulls(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql, parameters = f"{PULLS} where repo_id = ?", [repo.id]
    more: list[Any] = []
    if states := arguments.get("states"):
        sql += f" and ({' or '.join(STATES[state] for state in states)})"
    for name, column in (("headRefName", "head_ref"), ("baseRefName", "base_ref")):
        if arguments.get(name):
            sql += f" and {column} = ?"
            more.append(arguments[name])
    if labels := arguments.get("labels"):
        sql += f" and issues.id in (select issue_id from issue_labels join labels on labels.id = label_id where name in ({_marks(labels)}))"
        more += labels
    return query_connection("PullRequest", sql, [*parameters, *more], order_of(arguments.get("orderBy"), "issues"), arguments)


def by_number(repo: Thing, info: Info, *, number: int) -> Thing:
    row = one("select id from issues where repo_id = ? and number = ?", repo.id, number)
    found = issue_or_pull(row["id"]) if row else None
    wanted = {"issue": "Issue", "pullRequest": "PullRequest"}.get(info.field_name)
    if found is None or wanted not in (None, found.kind):
        word = {"issue": "an Issue", "pullRequest": "a PullRequest"}.get(info.field_name, "an issue or pull request")
        raise Refused("NOT_FOUND", f"Could not resolve to {word} with the number of {number}.")
    return found


def labels(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql, parameters = "select * from labels where repo_id = ?", [repo.id]
    asked = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    more = [f"%{arguments['query']}%"] * 2 if arguments.get("query") else []
    sql += " and (name like ? or description like ?)" if more else ""
    order = f"{'name' if asked['field'] == 'NAME' else 'id'} {asked['direction']}"
    return query_connection("Label", sql, [*parameters, *more], order, arguments)


def label(repo: Thing, _info: Info, *, name: str) -> Thing | None:
    row = one("select * from labels where repo_id = ? and name = ?", repo.id, name)
    return Thing("Label", row) if row else None


def labelled(kind: str) -> Any:
    def listed(label: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
        rows = (
            f"{ISSUES if kind == 'Issue' else PULLS + ' where 1'} and issues.id in (select issue_id from issue_labels where label_id = ?)"
        )
        return query_connection(kind, rows, [label.id], order_of(arguments.get("orderBy"), "issues"), arguments)

    return listed


def people_who_may(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many(
        "select * from users where type = 'User' and (id = ? or id in"
        " (select user_id from collaborators where repo_id = ? and role != 'read')) order by login",
        repo["owner_id"],
        repo.id,
    )
    asked = (arguments.get("query") or "").lower()
    return connection([person for person in things("User", rows) if asked in person["login"].lower()], arguments)


def permission(repo: Thing, _info: Info) -> str | None:
    now = current()
    if now.actor.kind is Kind.INSTALLATION:
        if not covers(repo.row):
            return "READ"
        return "WRITE" if now.actor.permissions.get("contents") == "write" else "READ"
    role = role_of(now.db, repo.row, now.actor.user_id)
    return None if role == "none" else role.upper()


def administers(repo: Thing, info: Info) -> bool:
    return permission(repo, info) == "ADMIN"


def repository_path(repo: Thing, info: Info) -> str:
    path = f"/{repo['owner']}/{repo['name']}"
    return f"{root()}{path}" if info.field_name == "url" else path


def account_path(account: Thing, info: Info) -> str:
    path = f"/apps/{account['login'].removesuffix('[bot]')}" if account.kind == "Bot" else f"/{account['login']}"
    return f"{root()}{path}" if info.field_name == "url" else path


def login(account: Thing, _info: Info) -> str:
    # GraphQL names a bot without the suffix that REST gives it.
    return str(account["login"]).removesuffix("[bot]") if account.kind == "Bot" else str(account["login"])


def avatar(account: Thing, _info: Info, **_size: Any) -> str:
    return f"{root()}/avatars/u/{account.id}"


def label_path(label: Thing, info: Info) -> str:
    repo = repository_of(label["repo_id"])
    path = f"/{repo['owner']}/{repo['name']}/labels/{label['name']}"
    return f"{root()}{path}" if info.field_name == "url" else path


def template_free(*_: Any) -> list[Any]:
    return []


NONE = connection([], {})
ACCOUNT: dict[str, Resolver] = {
    "avatarUrl": avatar,
    "email": lambda account, _info: account["email"] or "",
    "login": login,
    "organizations": constant(NONE),
    "repositories": all_of_owner,
    "repository": of_owner,
    "resourcePath": account_path,
    "updatedAt": lambda account, _info: account["created_at"],
    "url": account_path,
}
NO, YES = constant(False), constant(True)

FIELDS: Fields = {
    "Query": {
        "repository": find, "user": find_account, "organization": find_account, "repositoryOwner": find_account, "viewer": viewer,
        "id": constant(node_ids.encode("Query", 1)), "relay": constant({}),
    },
    "User": ACCOUNT | dict.fromkeys(("bio", "company", "location", "websiteUrl"), constant(None)) | {
        "isViewer": lambda person, _info: person.id == current().actor.user_id,
    },
    "Bot": ACCOUNT,
    "Organization": ACCOUNT | dict.fromkeys(("teams", "membersWithRole"), constant(NONE)) | {
        "description": constant(None), "email": lambda account, _info: account["email"], "viewerCanAdminister": NO, "viewerIsAMember": NO,
    },
    "Label": {
        "isDefault": NO, "issues": labelled("Issue"), "pullRequests": labelled("PullRequest"),
        "resourcePath": label_path, "url": label_path,
        "repository": lambda label, _info: repository_of(label["repo_id"]), "createdAt": constant(None), "updatedAt": constant(None),
    },
    "Repository": {
        **dict.fromkeys(
            ("hasDiscussionsEnabled", "hasVulnerabilityAlertsEnabled", "hasWikiEnabled", "isArchived", "isDisabled", "isFork", "isLocked",
             "isMirror", "isTemplate", "viewerHasStarred", "webCommitSignoffRequired"), NO),
        **dict.fromkeys(("forkingAllowed", "hasIssuesEnabled", "hasProjectsEnabled", "isBlankIssuesEnabled"), YES),
        **dict.fromkeys(
            ("archivedAt", "homepageUrl", "licenseInfo", "mirrorUrl", "parent", "primaryLanguage",
             "viewerDefaultCommitEmail"), constant(None)),
        "projects": constant(NONE),
        **dict.fromkeys(("issueTemplates", "pullRequestTemplates", "viewerPossibleCommitEmails"), template_free),
        **dict.fromkeys(("forkCount", "stargazerCount", "diskUsage"), constant(0)),
        "assignableUsers": people_who_may, "mentionableUsers": people_who_may, "watchers": constant(NONE),
        "languages": constant(NONE | {"totalSize": 0}),
        "allowUpdateBranch": switch("allow_update_branch"), "autoMergeAllowed": switch("allow_auto_merge"),
        "deleteBranchOnMerge": flag("delete_branch_on_merge"),
        "isEmpty": lambda repo, _info: repo["pushed_at"] is None,
        "isInOrganization": lambda repo, _info: user_named(repo["owner"], "Organization") is not None,
        "isPrivate": flag("private"), "visibility": lambda repo, _info: "PRIVATE" if repo["private"] else "PUBLIC",
        "issue": by_number, "pullRequest": by_number, "issueOrPullRequest": by_number, "issues": issues, "pullRequests": pulls,
        "label": label, "labels": labels,
        "mergeCommitAllowed": flag("allow_merge_commit"), "squashMergeAllowed": flag("allow_squash_merge"),
        "rebaseMergeAllowed": flag("allow_rebase_merge"),
        "nameWithOwner": lambda repo, _info: f"{repo['owner']}/{repo['name']}", "owner": lambda repo, _info: user(repo["owner_id"]),
        "resourcePath": repository_path, "url": repository_path,
        "sshUrl": lambda repo, _info: f"git@github.com:{repo['owner']}/{repo['name']}.git",
        "viewerCanAdminister": administers, "viewerDefaultMergeMethod": constant("MERGE"), "viewerPermission": permission,
        "viewerSubscription": constant("UNSUBSCRIBED"),
    },
}  # fmt: skip
