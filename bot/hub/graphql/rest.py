"""How a mutation does its work: through the REST route that does the same, so that both have one set of rules."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo
from werkzeug.exceptions import HTTPException

from bot.hub.graphql.things import Refused, Resolver, Thing, repository_of
from bot.hub.web import faults, within
from bot.hub.web.answers import Problem
from bot.hub.web.context import current

KINDS = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "STALE_DATA"}


def rest(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """The JSON that the route answers with."""
    try:
        return within.ask(method, path, body)
    except Problem as problem:
        raise refusal(problem) from None
    except HTTPException as missing:
        raise Refused("UNPROCESSABLE", f"The embedded GitHub does not do {method} {path}: {missing.name}") from None


def refusal(problem: Problem) -> GraphQLError:
    return Refused(KINDS.get(problem.status, "UNPROCESSABLE"), problem.words)


def at(repo: Thing) -> str:
    return f"/repos/{repo['owner']}/{repo['name']}"


def at_issue(subject: Thing) -> str:
    return f"{at(repository_of(subject['repo_id']))}/issues/{subject['number']}"


def at_pull(pull: Thing) -> str:
    return f"{at(repository_of(pull['repo_id']))}/pulls/{pull['number']}"


def mutation(work: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Resolver:
    """A mutation takes one input and hands back the client's own id for it."""

    def resolve(_source: Any, info: GraphQLResolveInfo[Any], *, input: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002 - GitHub's name
        if faults.is_refused(current().hub, info.field_name):
            raise Refused("FORBIDDEN", "Resource not accessible by integration")
        return {"clientMutationId": input.get("clientMutationId")} | work(input)

    return resolve


def present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
