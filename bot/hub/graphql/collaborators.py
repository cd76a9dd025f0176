"""GraphQL: who may do what in a repository."""

from typing import Any

from bot.hub.graphql.repositories import permission
from bot.hub.graphql.things import Fields, Info, Thing, connection, many, things
from bot.hub.web.access import role_of
from bot.hub.web.context import current


def listed(repo: Thing, info: Info, **arguments: Any) -> dict[str, Any] | None:
    """Told to those who may push; to others it is null, as on GitHub."""
    if permission(repo, info) not in ("WRITE", "MAINTAIN", "ADMIN"):
        return None
    rows = many(
        "select * from users where type = 'User' and (id = ? or id in (select user_id from collaborators where repo_id = ?)) order by login",
        repo["owner_id"],
        repo.id,
    )
    asked = ((arguments.get("query") or arguments.get("login")) or "").lower()
    page = connection([person for person in things("User", rows) if asked in person["login"].lower()], arguments)
    db = current().db
    return page | {"edges": [edge | {"permission": role_of(db, repo.row, edge["node"].id).upper()} for edge in page["edges"]]}


FIELDS: Fields = {"Repository": {"collaborators": listed}}
