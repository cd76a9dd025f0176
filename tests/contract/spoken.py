"""GraphQL as it was sent, held against the published schema: the document, and the variables against the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    get_variable_values,
    parse,
    validate,
)

from tests.contract.schemas import GRAPHQL, kept

_DESCRIBED = re.compile(r'"""(?:[^"\\]|\\"""|\\|"(?!""))*"""')


@lru_cache(maxsize=1)
def published() -> GraphQLSchema:
    """As `npm pack @octokit/graphql-schema` brings it, less its words for people, which take most of the time to read."""
    text = _DESCRIBED.sub("", GRAPHQL.read_text(encoding="utf-8"))
    with kept():
        return build_schema(text, assume_valid=True, no_location=True)


def document_faults(document: str, variables: Mapping[str, Any]) -> list[str]:
    try:
        parsed = parse(document)
    except GraphQLSyntaxError as error:
        return [error.message]
    wrong = [error.message for error in validate(published(), parsed)]
    for one in parsed.definitions:
        if wrong or not isinstance(one, OperationDefinitionNode):
            continue
        declared = {variable.variable.name.value for variable in one.variable_definitions or ()}
        wrong += [f"the document declares no ${name}" for name in variables if name not in declared]
        values = get_variable_values(published(), one.variable_definitions or (), dict(variables))
        wrong += [error.message for error in values] if isinstance(values, list) else []
    return wrong


def operations(document: str) -> list[str]:
    """What it asks of the root: `query repository`, `mutation addComment`; each once."""
    found = {
        f"{one.operation.value} {chosen.name.value}"
        for one in parse(document).definitions
        if isinstance(one, OperationDefinitionNode)
        for chosen in one.selection_set.selections
        if isinstance(chosen, FieldNode)
    }
    return sorted(found)
