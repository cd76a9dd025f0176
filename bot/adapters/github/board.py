"""The project board: only what changed is written, many fields in one request, and no error with it holds up any work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.github.client import Client
from bot.adapters.github.mutations import MutationBatch
from bot.adapters.github.queries import BOARD_DOCUMENT, ROWS_DOCUMENT
from bot.ports import Clock, GitHubError, GitHubErrorKind
from bot.ports.people import BoardRow, BoardValue

_AT_ONCE = 40
"""Mutations in a request: GitHub does them one after the other, and has ten seconds for all of them."""
_ROWS_AT_ONCE = 50
_MOST_TRIES = 2
_MOST_MISSES = 3
_PAUSE = timedelta(minutes=10)
"""How long a board that could not be reached is left alone."""


@dataclass(frozen=True, kw_only=True)
class Field:
    id: str
    kind: str
    options: Mapping[str, str]
    """By name in small letters, for a single select."""

    def fitting(self, value: BoardValue) -> BoardValue:
        """As the board itself would have it; None where it has no such option."""
        match self.kind:
            case "SINGLE_SELECT":
                option = str(value or "").casefold()
                return option if option in self.options else None
            case "NUMBER":
                return None if value is None else float(value)
            case _:
                return str(value) if value not in (None, "") else None

    def written(self, value: str | float) -> dict[str, str | float]:
        match self.kind:
            case "SINGLE_SELECT":
                return {"singleSelectOptionId": self.options[str(value)]}
            case "NUMBER":
                return {"number": float(value)}
            case _:
                return {"text": str(value)}


@dataclass(frozen=True, kw_only=True)
class Board:
    id: str
    fields: Mapping[str, Field]

    def fitting(self, row: BoardRow) -> dict[str, BoardValue]:
        return {name: self.fields[name].fitting(value) for name, value in row.values.items() if name in self.fields}


def find_board(client: Client, number: int) -> Board:
    """Raises `GitHubError` where it cannot be seen: an app sees boards of organizations only, and needs the permission."""
    login = client.repository.split("/")[0]
    found = (client.graphql(BOARD_DOCUMENT, {"login": login, "number": number}, absent=True).get("repositoryOwner") or {}).get("projectV2")
    if found is None:
        words = (
            f"Board {number} of {login} cannot be seen. An app needs `organization_projects: write` and sees boards of organizations only; "
            "for a person's own board, or without such an app, set GROUNDSKEEPER_BOARD_TOKEN to a personal token with the `project` scope."
        )
        raise GitHubError(GitHubErrorKind.GONE, words)
    fields = {
        node["name"]: Field(
            id=node["id"], kind=node["dataType"], options={option["name"].casefold(): option["id"] for option in node.get("options", ())}
        )
        for node in found["fields"]["nodes"]
        if node and node.get("dataType") in ("SINGLE_SELECT", "NUMBER", "TEXT")
    }
    return Board(id=found["id"], fields=fields)


@dataclass(kw_only=True)
class GitHubBoardWriter:
    """`bot.ports.BoardWriter`. `connected` gives the client that may write the board; it is asked for when a row is first to be shown."""

    connected: Callable[[], Client]
    number: int | None
    """None where no board is configured."""
    clock: Clock
    _client: Client | None = None
    _board: Board | None = None
    _items: dict[int, str] = field(default_factory=dict)
    _shown: dict[int, dict[str, BoardValue]] = field(default_factory=dict)
    _tries: Counter[int] = field(default_factory=Counter)
    """Writes of a row, one after the other, in which something was refused."""
    _missed: int = 0
    """Writes in a row of which nobody knows what became."""
    _left_alone_until: datetime | None = None
    _notices: list[str] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)

    def missing(self, rows: Sequence[BoardRow]) -> tuple[BoardRow, ...]:
        if self.number is None or not rows or (self._left_alone_until is not None and self.clock.now() < self._left_alone_until):
            return ()
        try:
            client, board = self._found(self.number)
            unknown = [row for row in rows if row.number not in self._shown]
            for at in range(0, len(unknown), _ROWS_AT_ONCE):
                self._read(client, board, unknown[at : at + _ROWS_AT_ONCE])
        except GitHubError as error:
            self._leave_alone(error)
            return ()
        return tuple(changed for row in rows if (changed := self._changed(board, row)) is not None)

    def write(self, rows: Sequence[BoardRow]) -> tuple[str, ...]:
        if not rows or self._board is None or self._client is None:
            return ()
        try:
            wrong = self._write(self._client, self._board, rows)
        except GitHubError as error:
            for row in rows:  # what was written, and what was not, is looked up
                self._items.pop(row.number, None)
                self._shown.pop(row.number, None)
            self._missed += 1
            if error.kind is GitHubErrorKind.UNREACHABLE and self._missed < _MOST_MISSES:
                raise
            self._missed = 0
            self._leave_alone(error)
            return (str(error),)
        self._missed = 0
        for words in wrong:
            self._tell(words)
        return wrong

    def notice(self) -> str | None:
        return self._notices.pop() if self._notices else None

    def _found(self, number: int) -> tuple[Client, Board]:
        if self._client is None:
            self._client = self.connected()
        if self._board is None:
            self._board = find_board(self._client, number)
        return self._client, self._board

    def _leave_alone(self, error: GitHubError) -> None:
        self._left_alone_until = max(self.clock.now() + _PAUSE, error.resume_at or self.clock.now())
        self._tell(str(error))

    def _tell(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            self._notices.append(f"The board is not written: {words}")

    def _read(self, client: Client, board: Board, rows: Sequence[BoardRow]) -> None:
        nodes = client.graphql(ROWS_DOCUMENT, {"ids": [row.node_id for row in rows]}, absent=True)["nodes"]
        for row, node in zip(rows, nodes, strict=True):
            items = ((node or {}).get("projectItems") or {"nodes": []})["nodes"]
            own = next((item for item in items if item["project"]["id"] == board.id), None)
            self._shown[row.number] = _values(board, own) if own is not None else {}
            if own is not None:
                self._items[row.number] = own["id"]

    def _changed(self, board: Board, row: BoardRow) -> BoardRow | None:
        shown = self._shown[row.number]
        values = {name: value for name, value in board.fitting(row).items() if value != shown.get(name)}
        there = row.number in self._items
        if not there and self._tries[row.number] >= _MOST_TRIES:
            return None
        return replace(row, values=values) if values or not there else None

    def _write(self, client: Client, board: Board, rows: Sequence[BoardRow]) -> tuple[str, ...]:
        wrong, failed = self._add(client, board, [row for row in rows if row.number not in self._items])
        changes = [(row.number, name, value) for row in rows if row.number in self._items for name, value in row.values.items()]
        for at in range(0, len(changes), _AT_ONCE):
            batch = MutationBatch()
            for number, name, value in changes[at : at + _AT_ONCE]:
                place = {"projectId": board.id, "itemId": self._items[number], "fieldId": board.fields[name].id}
                if value is None:
                    batch.add("clearProjectV2ItemFieldValue", place, number)
                else:
                    batch.add("updateProjectV2ItemFieldValue", {**place, "value": board.fields[name].written(value)}, number)
            answer = batch.send(client)
            for number, name, value in changes[at : at + _AT_ONCE]:
                self._shown[number][name] = value
            wrong += batch.wrong(answer)
            failed |= batch.wrong_about(answer)
        for row in rows:
            self._tried(row.number, refused=row.number in failed)
        return tuple(wrong)

    def _add(self, client: Client, board: Board, rows: Sequence[BoardRow]) -> tuple[list[str], frozenset[int]]:
        """GitHub cannot add an item and set its fields in one call. One that is there already is given back, not added again."""
        wrong: list[str] = []
        failed: frozenset[int] = frozenset()
        for at in range(0, len(rows), _AT_ONCE):
            batch = MutationBatch()
            made = {}
            for row in rows[at : at + _AT_ONCE]:
                inputs = {"projectId": board.id, "contentId": row.node_id}
                made[batch.add("addProjectV2ItemById", inputs, row.number, answer="item { id }")] = row
            answer = batch.send(client)
            for alias, row in made.items():
                if (added := (answer.data or {}).get(alias)) is not None:
                    self._items[row.number] = added["item"]["id"]
            wrong += batch.wrong(answer)
            failed |= batch.wrong_about(answer)
        return wrong, failed

    def _tried(self, number: int, *, refused: bool) -> None:
        """Somebody may have taken a row off the board: it is looked up, and written as a whole, once more and not for ever."""
        self._tries[number] = self._tries[number] + 1 if refused else 0
        if refused and self._tries[number] < _MOST_TRIES:
            self._items.pop(number, None)
            self._shown.pop(number, None)


def _values(board: Board, item: Any) -> dict[str, BoardValue]:
    found: dict[str, BoardValue] = {}
    for node in item["fieldValues"]["nodes"]:
        name = str(((node or {}).get("field") or {}).get("name"))
        if name in board.fields:
            found[name] = board.fields[name].fitting(next((node[key] for key in ("text", "number", "name") if key in node), None))
    return found
