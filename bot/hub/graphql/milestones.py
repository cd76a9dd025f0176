"""GraphQL: milestones of a repository and of an issue."""

from typing import Any

from bot.hub.graphql.things import Fields, Info, Thing, one, query_connection, repository_of, root

_ORDERS = {"CREATED_AT": "created_at", "DUE_DATE": "due_on", "NUMBER": "number", "UPDATED_AT": "updated_at"}


def listed(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql = "select * from milestones where repo_id = ?"
    given: list[Any] = [repo.id]
    if states := arguments.get("states"):
        sql += f" and state in ({', '.join('?' * len(states))})"
        given += [state.lower() for state in states]
    if query := arguments.get("query"):
        sql += " and title like ?"
        given.append(f"%{query}%")
    asked = arguments.get("orderBy") or {"field": "NUMBER", "direction": "ASC"}
    return query_connection("Milestone", sql, given, f"{_ORDERS[asked['field']]} {asked['direction']}", arguments)


def by_number(repo: Thing, _info: Info, *, number: int) -> Thing | None:
    row = one("select * from milestones where repo_id = ? and number = ?", repo.id, number)
    return Thing("Milestone", row) if row else None


def of_subject(subject: Thing, _info: Info) -> Thing | None:
    row = one("select milestones.* from milestones join issue_milestones on milestone_id = milestones.id where issue_id = ?", subject.id)
    return Thing("Milestone", row) if row else None


def _url(milestone: Thing, _info: Info) -> str:
    repo = repository_of(milestone["repo_id"])
    return f"{root()}/{repo['owner']}/{repo['name']}/milestone/{milestone['number']}"


FIELDS: Fields = {
    "Milestone": {
        "closed": lambda milestone, _info: milestone["state"] == "closed",
        "state": lambda milestone, _info: milestone["state"].upper(),
        "url": _url,
    },
    "Issue": {"milestone": of_subject},
    "PullRequest": {"milestone": of_subject},
    "Repository": {"milestone": by_number, "milestones": listed},
}
