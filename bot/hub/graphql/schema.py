"""The schema made runnable: the published part's text, and each type's resolvers where a column is not enough."""

from functools import cache
from pathlib import Path

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, GraphQLUnionType, build_schema

from bot.hub.graphql import (
    boards,
    checks,
    collaborators,
    commits,
    issues,
    milestones,
    nodes,
    pulls,
    queue,
    releases,
    repositories,
    reviews,
    rollup,
)
from bot.hub.graphql.mutations import boards as board_mutations
from bot.hub.graphql.mutations import git as git_mutations
from bot.hub.graphql.mutations import issues as issue_mutations
from bot.hub.graphql.mutations import pulls as pull_mutations
from bot.hub.graphql.mutations import reactions as reaction_mutations
from bot.hub.graphql.things import resolve_field, resolve_kind

TEXT = Path(__file__).with_name("schema.graphql")
MODULES = (
    repositories,
    collaborators,
    milestones,
    releases,
    issues,
    pulls,
    reviews,
    rollup,
    commits,
    checks,
    boards,
    nodes,
    issue_mutations,
    pull_mutations,
    reaction_mutations,
    git_mutations,
    board_mutations,
    queue,
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
