"""The page that says what of GitHub is here, made from the routes and the schema themselves."""

import re
import sys
from collections import defaultdict
from dataclasses import dataclass

from flask import Blueprint, Flask, current_app
from graphql import GraphQLObjectType

from bot.hub.graphql.schema import schema
from bot.hub.pages import routes as pages

routes = Blueprint("coverage", __name__)
routes.after_request(pages.guard)
_VERSIONED = "_v3"
_ROOTS = ("Query", "Mutation")
_PART = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, kw_only=True)
class Room:
    """`about` is the first sentence of the module that answers there."""

    about: str
    operations: tuple[tuple[str, str], ...]
    """Method and path, as GitHub's documentation writes them."""


def rest(app: Flask) -> list[Room]:
    """What is served both at the root and below `/api/v3`, which pages and git are not."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for rule in app.url_map.iter_rules():
        room, _, _ = rule.endpoint.partition(".")
        if f"{room}{_VERSIONED}" in app.blueprints and rule.rule != "/graphql":
            path = _PART.sub(lambda part: f"{{{'repo' if part[1] == 'name' else part[1]}}}", rule.rule)
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found[app.view_functions[rule.endpoint].__module__] |= {(path, method) for method in methods}
    return [
        Room(about=_sentence(module), operations=tuple((method, path) for path, method in sorted(operations)))
        for module, operations in sorted(found.items())
    ]


def _sentence(module: str) -> str:
    said = (sys.modules[module].__doc__ or "").partition("\n")[0]
    return said.partition(": https://")[0].rstrip(".")


def graphql() -> dict[str, list[str]]:
    """Fields of each type, the roots first."""
    types = schema().type_map
    names = [name for name, kind in sorted(types.items()) if isinstance(kind, GraphQLObjectType) and not name.startswith("__")]
    found = {}
    for name in (*_ROOTS, *(name for name in names if name not in _ROOTS)):
        kind = types[name]
        assert isinstance(kind, GraphQLObjectType)
        found[name] = sorted(kind.fields)
    return found


@routes.get("/coverage")
def page() -> str:
    rooms, types = rest(current_app), graphql()
    return pages.shown(
        "coverage.html",
        rooms=rooms,
        operations=sum(len(room.operations) for room in rooms),
        types=types,
        fields=sum(len(fields) for fields in types.values()),
        roots=_ROOTS,
    )
