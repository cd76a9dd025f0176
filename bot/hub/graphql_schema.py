"""The schema made runnable: the published part's text, and each type's resolvers where a column is not enough."""

from functools import cache
from pathlib import Path

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, GraphQLUnionType, build_schema

from bot.hub import (
    graphql_board_mutations,
    graphql_boards,
    graphql_checks,
    graphql_commits,
    graphql_git_mutations,
    graphql_issues,
    graphql_mutations,
    graphql_nodes,
    graphql_pull_mutations,
    graphql_pulls,
    graphql_queue,
    graphql_repositories,
    graphql_reviews,
    graphql_rollup,
)
from bot.hub.graphql_things import resolve_field, resolve_kind

TEXT = Path(__file__).with_name("schema.graphql")
MODULES = (
    graphql_repositories,
    graphql_issues,
    graphql_pulls,
    graphql_reviews,
    graphql_rollup,
    graphql_commits,
    graphql_checks,
    graphql_boards,
    graphql_nodes,
    graphql_mutations,
    graphql_pull_mutations,
    graphql_git_mutations,
    graphql_board_mutations,
    graphql_queue,
)


@cache
def schema() -> GraphQLSchema:
    made = build_schema(TEXT.read_text(), assume_valid=True)
    resolvers = [module.FIELDS for module in MODULES]
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = resolve_kind
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = next((part[kind.name][name] for part in resolvers if name in part.get(kind.name, {})), resolve_field)
        elif isinstance(kind, GraphQLScalarType) and kind.name == "BigInt":
            kind.serialize = _as_text  # type: ignore[method-assign]
    return made


def _as_text(value: object) -> str:
    return str(value)
