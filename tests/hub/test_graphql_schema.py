"""The part of the schema that the hub answers is a part of the published one."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_input_object_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    validate_schema,
)

from bot.hub.graphql.schema import TEXT, schema
from bot.hub.graphql.things import resolve_field
from tests.contract import spoken
from tests.contract.schemas import GRAPHQL


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    if not GRAPHQL.exists():
        pytest.skip("GitHub's published schema is not here: `make references` fetches it")
    return spoken.published()


def fields_of(kind: object) -> dict[str, object]:
    return dict(kind.fields) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}


def test_our_schema_is_sound() -> None:
    assert validate_schema(build_schema(TEXT.read_text())) == []


def test_every_type_field_argument_and_nullability_is_as_published(published: GraphQLSchema) -> None:
    ours = build_schema(TEXT.read_text())
    strange: list[str] = []
    for name, kind in ours.type_map.items():
        theirs = published.type_map.get(name)
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        if theirs is None or type(theirs) is not type(kind):
            strange.append(f"{name} is not a published {type(kind).__name__}")
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType):
            strange += _strange_fields(name, kind, theirs)
            strange += [
                f"{name} implements {one.name}" for one in kind.interfaces if one.name not in {other.name for other in theirs.interfaces}
            ]
        elif isinstance(kind, GraphQLUnionType) and isinstance(theirs, GraphQLUnionType):
            strange += [f"{name} has {one.name}" for one in kind.types if one.name not in {other.name for other in theirs.types}]
        elif isinstance(kind, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            strange += [f"{name}.{value}" for value in kind.values if value not in theirs.values]
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
            strange += [
                f"{name}.{field}"
                for field, one in kind.fields.items()
                if str(one.type) != str(getattr(theirs.fields.get(field), "type", None))
            ]
            strange += [
                f"{name} lacks {field}" for field, one in theirs.fields.items() if is_required_input_field(one) and field not in kind.fields
            ]
    assert strange == []


def _strange_fields(
    name: str, kind: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    strange: list[str] = []
    for field_name, field in kind.fields.items():
        published_field = theirs.fields.get(field_name)
        if published_field is None or str(published_field.type) != str(field.type):
            strange.append(f"{name}.{field_name}: {field.type}")
            continue
        for argument_name, argument in field.args.items():
            known = published_field.args.get(argument_name)
            if known is None or str(known.type) != str(argument.type) or known.default_value != argument.default_value:
                strange.append(f"{name}.{field_name}({argument_name}: {argument.type})")
        for argument_name, argument in published_field.args.items():
            if is_required_argument(argument) and argument_name not in field.args:
                strange.append(f"{name}.{field_name} lacks {argument_name}")
    return strange


def test_every_mutation_is_answered_by_code_of_its_own() -> None:
    mutations = schema().mutation_type
    assert mutations is not None
    assert [name for name, field in mutations.fields.items() if field.resolve is resolve_field] == []


def test_every_mutation_takes_one_input() -> None:
    mutations = schema().mutation_type
    assert mutations is not None
    for field in mutations.fields.values():
        (argument,) = field.args.values()
        assert is_input_object_type(getattr(argument.type, "of_type", None))
