"""What a GraphQL query costs, reckoned before it runs as GitHub reckons it, and the pages it may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    type_from_ast,
    value_from_ast_untyped,
)

from bot.hub.graphql.things import Refused

MAX_PAGE = 100
MAX_NODES = 500_000
PAGED = {"nodes", "edges"}


@dataclass
class Cost:
    """Requests is the number of lists GitHub would have to ask its database for; a hundred of them are one point."""

    requests: float = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


@dataclass(frozen=True, kw_only=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    cost: Cost

    def selection(self, part: SelectionSetNode | None, parent: Any, times: int, path: tuple[str, ...]) -> None:
        for node in part.selections if part else ():
            match node:
                case FieldNode():
                    self.field(node, parent, times, (*path, node.alias.value if node.alias else node.name.value))
                case InlineFragmentNode():
                    self.selection(node.selection_set, self._narrowed(node.type_condition, parent), times, path)
                case FragmentSpreadNode() if found := self.fragments.get(node.name.value):
                    self.selection(found.selection_set, self._narrowed(found.type_condition, parent), times, path)

    def _narrowed(self, condition: Any, parent: Any) -> Any:
        return type_from_ast(self.schema, condition) if condition else parent

    def field(self, node: FieldNode, parent: Any, times: int, path: tuple[str, ...]) -> None:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None:
            return
        kind = get_named_type(definition.type)
        if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection") and {"first", "last"} <= definition.args.keys():
            self.cost.requests += times
            times *= self._size(node, path)
            self.cost.nodes += times
        if is_composite_type(kind):
            self.selection(node.selection_set, kind, times, path)

    def _size(self, node: FieldNode, path: tuple[str, ...]) -> int:
        given = {argument.name.value: value_from_ast_untyped(argument.value, dict(self.variables)) for argument in (node.arguments or ())}
        name = node.name.value
        asked = [(way, given[way]) for way in ("first", "last") if isinstance(given.get(way), int)]
        if not asked and not self._pages(node.selection_set):
            return 0
        if not asked:
            raise _at(
                path,
                Refused(
                    "MISSING_PAGINATION_BOUNDARIES",
                    f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
                ),
            )
        way, size = asked[0]
        if size > MAX_PAGE:
            words = f"Requesting {size} records on the `{name}` connection exceeds the `{way}` limit of {MAX_PAGE} records."
            raise _at(path, Refused("EXCESSIVE_PAGINATION", words))
        if size < 0:
            raise _at(path, Refused("INVALID_PAGINATION", f"`{way}` on the `{name}` connection cannot be less than zero."))
        return int(size)

    def _pages(self, part: SelectionSetNode | None) -> bool:
        for node in part.selections if part else ():
            if isinstance(node, FieldNode) and node.name.value in PAGED:
                return True
            if isinstance(node, InlineFragmentNode) and self._pages(node.selection_set):
                return True
            if isinstance(node, FragmentSpreadNode) and self._pages(self.fragments[node.name.value].selection_set):
                return True
        return False


def _at(path: tuple[str, ...], refused: Refused) -> GraphQLError:
    return GraphQLError(refused.message, path=path, extensions=refused.extensions)


def reckon(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Cost:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    defaults = {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }
    cost = Cost()
    walk = _Walk(schema=schema, fragments=fragments, variables=defaults | dict(variables), cost=cost)
    walk.selection(operation.selection_set, schema.get_root_type(operation.operation), 1, (operation.operation.value,))
    if cost.nodes > MAX_NODES:
        words = f"This query requests up to {cost.nodes:,} possible nodes which exceeds the maximum limit of {MAX_NODES:,}."
        raise Refused("MAX_NODE_LIMIT_EXCEEDED", words)
    return cost
