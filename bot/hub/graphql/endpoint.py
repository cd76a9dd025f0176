"""The GraphQL door: one POST, answered with GitHub's status codes and GitHub's form of errors."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, g
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from bot.hub.graphql import cost
from bot.hub.graphql.schema import schema
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered
from bot.hub.web.context import current
from bot.hub.web.fields import json_body

routes = Blueprint("graphql", __name__)
# GitHub lets a query ask an issue and a pull request for their `state` under one name, though the types differ; its own `gh` does.
RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
UNDEFINED = re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'")


@routes.post("/graphql")
def ask() -> Response:
    if current().actor.kind is Kind.ANONYMOUS:
        words = "This endpoint requires you to be authenticated."
        raise Problem(
            401, words, documentation_url="https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql"
        )
    body = json_body()
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not query.strip():
        raise Problem(400, "A query attribute must be specified and must be a string.")
    if not isinstance(variables, dict):
        raise Problem(400, "Variables must be a JSON object.")
    return answered(_answer(query, variables, body.get("operationName")))


@lru_cache(maxsize=256)
def _read(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(query)
    except GraphQLError as trouble:
        return None, (trouble,)
    return document, tuple(validate(schema(), document, RULES))


def _answer(query: str, variables: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    document, errors = _read(query)
    if document is None or errors:
        return {"errors": [_shown(error) for error in errors]}
    operation = get_operation_ast(document, name)
    if operation is None:
        return {"errors": [{"message": "An operation name is required"}]}
    try:
        g.cost = cost.reckon(schema(), document, operation, variables)
    except GraphQLError as trouble:
        return {"errors": [_shown(trouble)]}
    return _ran(document, operation, variables, name)


def _ran(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    g.graphql_operation = operation.operation.value
    result = execute(schema(), document, root_value={}, variable_values=dict(variables), operation_name=name)
    assert isinstance(result, ExecutionResult)
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
        for error in result.errors:
            _raise_faults_of_ours(error)
    return answer


def _raise_faults_of_ours(error: GraphQLError) -> None:
    """A refusal is an answer; anything else that a resolver raised is a bug of the hub, and must be seen as one."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error


def _shown(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    extensions = dict(error.extensions or {})
    if kind := extensions.pop("type", None):
        shown["type"] = kind
    if error.path:
        shown["path"] = list(error.path)
    if unknown := UNDEFINED.match(error.message):
        shown["path"] = ["query", unknown["field"]]
        extensions |= {"code": "undefinedField", "typeName": unknown["type"], "fieldName": unknown["field"]}
    if extensions:
        shown["extensions"] = extensions
    shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    message = f"Field '{unknown['field']}' doesn't exist on type '{unknown['type']}'" if unknown else error.message
    return shown | {"message": message}
