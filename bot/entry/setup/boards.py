"""The project board: made with its fields and views, and taken away again. The bot only ever writes to it, so nothing depends on it.

https://docs.github.com/issues/planning-and-tracking-with-projects/automating-your-project/using-the-api-to-manage-projects
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from github import UnknownObjectException

from bot.core.errors.user_errors import UserError
from bot.core.projections.board import BOARD_FIELDS, BoardField, BoardFieldKind
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target

_SEEN = """
query Board($login: String!, $owner: String!, $name: String!, $number: Int!, $named: Boolean!) {
  repository(owner: $owner, name: $name) {
    id
    owner { id }
    projectsV2(first: 100) { nodes { id number title url } }
  }
  repositoryOwner(login: $login) @include(if: $named) {
    ... on ProjectV2Owner {
      projectV2(number: $number) {
        id number title url
        fields(first: 50) { nodes { __typename ... on ProjectV2FieldCommon { id name dataType }
          ... on ProjectV2SingleSelectField { options { name } } } }
        views(first: 50) { nodes { name } }
      }
    }
  }
}"""
_CREATE = """
mutation($owner: ID!, $title: String!, $repo: ID!) {
  createProjectV2(input: {ownerId: $owner, title: $title, repositoryId: $repo}) { projectV2 { number } }
}"""
_FIELD = """
mutation($board: ID!, $name: String!, $kind: ProjectV2CustomFieldType!, $options: [ProjectV2SingleSelectFieldOptionInput!]) {
  createProjectV2Field(input: {projectId: $board, name: $name, dataType: $kind, singleSelectOptions: $options}) { clientMutationId }
}"""
_OPTIONS = """
mutation($field: ID!, $options: [ProjectV2SingleSelectFieldOptionInput!]) {
  updateProjectV2Field(input: {fieldId: $field, singleSelectOptions: $options}) { clientMutationId }
}"""
_DELETE = "mutation($board: ID!) { deleteProjectV2(input: {projectId: $board}) { clientMutationId } }"
_COLORS = ("GRAY", "BLUE", "GREEN", "YELLOW", "ORANGE", "RED", "PINK", "PURPLE")
WITHOUT = (
    "Give a token that may make boards as GROUNDSKEEPER_BOARD_TOKEN (classic: `project`; kept, sealed, only where the owner is a person), "
    "or make a board by hand and write its number as `board:` into the configuration. All else works without."
)


@dataclass(frozen=True, kw_only=True)
class View:
    name: str
    layout: str
    filter: str | None = None


VIEWS = (
    View(name="Phases", layout="board"),
    View(name="At work", layout="table", filter="status:working,reviewing,rework,merging"),
    View(name="Waits for a person", layout="table", filter="status:needs-human,blocked,paused"),
)


@dataclass(frozen=True, kw_only=True)
class BoardState:
    """`board` is GitHub's own answer about it, None where it is not there or may not be seen; `linked` are the repository's boards."""

    repo_id: str
    owner_id: str
    linked: tuple[Mapping[str, Any], ...]
    board: Mapping[str, Any] | None

    @property
    def missing_fields(self) -> tuple[BoardField, ...]:
        return tuple(one for one in BOARD_FIELDS if not _as_wanted(one, self._field(one.name)))

    @property
    def missing_views(self) -> tuple[View, ...]:
        there = {view["name"] for view in self.board["views"]["nodes"]} if self.board else set()
        return tuple(view for view in VIEWS if view.name not in there)

    def _field(self, name: str) -> Mapping[str, Any] | None:
        nodes = self.board["fields"]["nodes"] if self.board else ()
        return next((node for node in nodes if str(node.get("name", "")).casefold() == name.casefold()), None)

    def field_id(self, name: str) -> str | None:
        found = self._field(name)
        return str(found["id"]) if found else None


def title_of(target: Target) -> str:
    return f"Groundskeeper: {target.repo.full_name}"


def look(target: Target, number: int | None) -> BoardState:
    """Raises `GithubException`."""
    owner, name = target.repo.full_name.split("/")
    about = {"login": owner, "owner": owner, "name": name, "number": number or 0, "named": number is not None}
    try:
        data = _ask(target, _SEEN, about)
    except UnknownObjectException:  # no board of this number that this token may know of
        if number is None:
            raise
        return look(target, None)
    repo = data["repository"]
    return BoardState(
        repo_id=repo["id"],
        owner_id=repo["owner"]["id"],
        linked=tuple(node for node in repo["projectsV2"]["nodes"] if node),
        board=(data.get("repositoryOwner") or {}).get("projectV2"),
    )


def board_of(target: Target, seen: BoardState) -> int | None:
    """The number of the board that `init` made once, known by its title, should the note of it be lost."""
    return next((int(node["number"]) for node in seen.linked if node["title"] == title_of(target)), None)


@dataclass(frozen=True, kw_only=True)
class Todo:
    """`number` is of the board that is there already."""

    steps: tuple[Step, ...]
    number: int | None = None


def todo(target: Target, *, noted: int | None, configured: int | None) -> Todo:
    """`noted` is the board that `init` remembers to have made; a `configured` one that it did not make is somebody's, and only looked at.

    Raises `GithubException`.
    """
    if not target.has_board_token and target.scopes is not None and not {"project", "write:project"} & target.scopes:
        return Todo(steps=(_yours("board", f"the token lacks the scope `project`, so it goes on without a board. {WITHOUT}"),))
    seen = look(target, noted)
    own = noted if seen.board is not None else board_of(target, seen)
    if own is None and configured is not None and configured != noted:
        return Todo(steps=(_theirs(look(target, configured), configured),), number=configured)
    if own is None:
        return Todo(steps=(_making(target, seen), _completing(target, "fields and views of the board", _told(look(target, None)))))
    seen = seen if own == noted else look(target, own)
    lacking = seen.missing_fields or seen.missing_views
    done = Step(what=f"board {own}", why="has its fields and views", state=State.DONE)
    adopted = Step(what=f"board {own}", why="made by an earlier `init`", state=State.TO_DO, do=lambda memory: replace(memory, board=own))
    last = _completing(target, f"fields and views of board {own}", _told(seen)) if lacking else done
    return Todo(steps=(last,) if own == noted else (adopted, last), number=own)


def _yours(what: str, why: str) -> Step:
    return Step(what=what, why=why, state=State.YOURS)


def _theirs(seen: BoardState, number: int) -> Step:
    """Fields on somebody's own board could not be told from theirs later, so none are made there."""
    if seen.board is None:
        return _yours(f"board {number}", f"it cannot be seen with this token. {WITHOUT}")
    if seen.missing_fields:
        return _yours(f"board {number}", f"it is yours, so it stays as it is; the bot fills what it finds, and lacks {_told(seen)}")
    return Step(what=f"board {number}", why="is yours, and has what the bot fills", state=State.DONE)


def _told(seen: BoardState) -> str:
    return ", ".join([*(one.name for one in seen.missing_fields), *(f"the view {one.name!r}" for one in seen.missing_views)])


def _making(target: Target, seen: BoardState) -> Step:
    """Linked to the repository by the same call, so that it can be found again whatever happens next."""

    def make(memory: Memory) -> Memory:
        given = {"owner": seen.owner_id, "title": title_of(target), "repo": seen.repo_id}
        return replace(memory, board=int(_ask(target, _CREATE, given)["createProjectV2"]["projectV2"]["number"]))

    why = "made and linked to the repository"
    return Step(what=f"board {title_of(target)!r}", why=why, state=State.TO_DO, do=make, optional=True, otherwise=WITHOUT)


def _completing(target: Target, what: str, told: str) -> Step:
    def work(memory: Memory) -> Memory:
        if memory.board is not None:
            complete(target, memory.board)
        return memory

    return Step(what=what, why=f"add {told}", state=State.TO_DO, do=work, otherwise="Run this again.")


def complete(target: Target, number: int) -> None:
    """Adds fields, options and views that are missing; what people added stays. Raises `GithubException`."""
    seen = look(target, number)
    if seen.board is None:
        raise UserError(f"board {number} was there a moment ago, and is gone")
    for wanted in seen.missing_fields:
        options = [
            {"name": name, "color": _COLORS[at % len(_COLORS)], "description": ""}
            for at, name in enumerate((*wanted.options, *_others(seen, wanted)))
        ]
        field_id = seen.field_id(wanted.name)
        if field_id is None:
            about = {"board": seen.board["id"], "name": wanted.name, "kind": wanted.kind.value, "options": options or None}
            _ask(target, _FIELD, about)
        elif wanted.kind is BoardFieldKind.SINGLE_SELECT:
            _ask(target, _OPTIONS, {"field": field_id, "options": options})
    at = f"/orgs/{target.owner}" if target.of_organization else f"/users/{target.repo.owner.id}"
    for view in seen.missing_views:
        body = {"name": view.name, "layout": view.layout} | ({"filter": view.filter} if view.filter else {})
        target.boards.requester.requestJsonAndCheck("POST", f"{at}/projectsV2/{number}/views", input=body)


def _others(seen: BoardState, wanted: BoardField) -> tuple[str, ...]:
    """Options beside ours may stand on people's rows, so they stay; on a board that is just being made they are only GitHub's examples."""
    found = seen._field(wanted.name)
    fresh = seen.board is not None and not any(str(node.get("name")) == "Heartbeat" for node in seen.board["fields"]["nodes"])
    known = {option.casefold() for option in wanted.options}
    there = [str(option["name"]) for option in (found or {}).get("options") or ()]
    return tuple(name for name in there if name.casefold() not in known and not (fresh and name in ("Todo", "In Progress", "Done")))


def _as_wanted(wanted: BoardField, found: Mapping[str, Any] | None) -> bool:
    if found is None or found["dataType"] != wanted.kind.value:
        return False
    there = {str(option["name"]).casefold() for option in found.get("options") or ()}
    return all(option.casefold() in there for option in wanted.options)


def removal_step(target: Target, number: int) -> Step:
    """The board that `init` made. To a token that may see no boards at all GitHub says so, so what is not found is gone."""
    seen = look(target, number)
    if seen.board is None:
        return Step(what=f"board {number}", why="is gone already", state=State.TO_DO, do=lambda memory: replace(memory, board=None))
    board = seen.board

    def remove(memory: Memory) -> Memory:
        _ask(target, _DELETE, {"board": board["id"]})
        return replace(memory, board=None)

    return Step(what=f"remove board {number}", why=f"{board['title']} with all its rows; issues stay", state=State.TO_DO, do=remove)


def _ask(target: Target, document: str, variables: Mapping[str, Any]) -> Any:
    return target.boards.requester.graphql_query(document, dict(variables))[1]["data"]
