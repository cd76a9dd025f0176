"""Status comments, phase labels and board rows, written together in as few requests as GitHub allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.github.client import Answer, Client
from bot.adapters.github.queries import BOARD_DOCUMENT, LABELS_DOCUMENT
from bot.core.labels import BOTS, Label
from bot.ports import GitHubTrouble, GitHubTroubleKind, Projection

_AT_ONCE = 20


@dataclass(frozen=True, kw_only=True)
class BoardField:
    id: str
    kind: str
    options: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Board:
    id: str
    fields: dict[str, BoardField]


def find_board(client: Client, number: int, *, owner: str | None = None) -> Board:
    """Raises `GitHubTrouble` where it cannot be seen: an app sees boards of organizations only, and needs the permission."""
    login = owner or client.repository.split("/")[0]
    found = (client.graphql(BOARD_DOCUMENT, {"login": login, "number": number}, absent=True).get("repositoryOwner") or {}).get("projectV2")
    if found is None:
        words = (
            f"Board {number} of {login} cannot be seen. An app needs `organization_projects: write`, and sees boards of organizations only."
        )
        raise GitHubTrouble(GitHubTroubleKind.GONE, words)
    fields = {
        node["name"]: BoardField(
            id=node["id"], kind=node["dataType"], options={option["name"].casefold(): option["id"] for option in node.get("options", ())}
        )
        for node in found["fields"]["nodes"]
        if node and "id" in node
    }
    return Board(id=found["id"], fields=fields)


@dataclass(kw_only=True)
class Shower:
    client: Client
    board: Board | None = None
    _labels: dict[str, str] = field(default_factory=dict)

    def show(self, projections: Sequence[Projection]) -> None:
        """Raises `GitHubTrouble` naming what was not written; the next look finds it missing and writes it."""
        most = self.client.governor.most_created(self.client.urgency)
        at_once = _AT_ONCE if most is None else min(_AT_ONCE, most)
        for at in range(0, len(projections), at_once):
            self._show(projections[at : at + at_once])

    def _show(self, projections: Sequence[Projection]) -> None:
        """Rows of the board first, comments last: GitHub does them in this order, and what people are shown is known by its comment,
        so whatever was cut short is done again at the next look."""
        ids = self._label_ids({name for one in projections for name in one.labels.add | one.labels.remove})
        rows, draft = _Draft(), _Draft()
        for one in projections:
            if self.board is not None and one.board and one.board_item is None:
                inputs = {"projectId": self.board.id, "contentId": one.issue.node_id}
                rows.add("addProjectV2ItemById", "AddProjectV2ItemByIdInput", inputs, one, answer="item { id }", is_item=True)
        made = rows.send(self.client)
        for one in projections:
            if self.board is not None and one.board_item is not None:
                self._fields(draft, self.board, one, one.board_item)
        self._new_rows(rows, draft, made.data or {})
        for one in projections:
            self._relabel(draft, one, ids)
        for one in projections:
            self._comment(draft, one)
        wrong = (*rows.wrong(made), *draft.wrong(draft.send(self.client)))
        if wrong:
            self._labels.clear()  # a label may have been deleted and made again since its id was read
            raise GitHubTrouble(GitHubTroubleKind.REFUSED, "Not everything could be shown: " + "; ".join(wrong))

    def _comment(self, draft: _Draft, one: Projection) -> None:
        if one.body is not None and one.comment_id is None:
            draft.add("addComment", "AddCommentInput", {"subjectId": one.issue.node_id, "body": one.body}, one, creates=True)
        elif one.body is not None:
            draft.add("updateIssueComment", "UpdateIssueCommentInput", {"id": one.comment_id, "body": one.body}, one)

    def _relabel(self, draft: _Draft, one: Projection, ids: Mapping[str, str]) -> None:
        for mutation, kind, names in (
            ("addLabelsToLabelable", "AddLabelsToLabelableInput", one.labels.add),
            ("removeLabelsFromLabelable", "RemoveLabelsFromLabelableInput", one.labels.remove),
        ):
            if known := [ids[name] for name in sorted(names) if name in ids]:
                draft.add(mutation, kind, {"labelableId": one.issue.node_id, "labelIds": known}, one)

    def _new_rows(self, rows: _Draft, draft: _Draft, answers: Mapping[str, Any]) -> None:
        """GitHub cannot add an item and set its fields in one call; adding it twice gives the row that is there."""
        for alias, one in rows.items.items():
            made = answers.get(alias)
            if self.board is not None and made is not None:
                self._fields(draft, self.board, one, made["item"]["id"])

    def _fields(self, draft: _Draft, board: Board, one: Projection, item: str) -> None:
        for name, value in one.board.items():
            known = board.fields.get(name)
            written = _field_value(known, value) if known is not None else None
            if known is not None and written is not None:
                inputs = {"projectId": board.id, "itemId": item, "fieldId": known.id, "value": written}
                draft.add("updateProjectV2ItemFieldValue", "UpdateProjectV2ItemFieldValueInput", inputs, one)

    def ensure_labels(self, labels: Sequence[Label]) -> tuple[str, ...]:
        self._read_labels()
        made = []
        for label in labels:
            if label.name not in self._labels:
                self._make_label(label)
                made.append(label.name)
        return tuple(made)

    def _make_label(self, label: Label) -> None:
        body = {"name": label.name, "color": label.color, "description": label.description[:100]}
        try:
            self._labels[label.name] = self.client.rest("POST", "labels", body=body)["node_id"]
        except GitHubTrouble as trouble:
            if trouble.kind is GitHubTroubleKind.LIMITED:
                raise
            self._read_labels()  # the answer may have been lost after the work, or somebody was faster
            if label.name not in self._labels:
                raise

    def _label_ids(self, names: set[str]) -> dict[str, str]:
        if not names <= self._labels.keys():
            self.ensure_labels([label for label in BOTS if label.name in names])
        return {name: self._labels[name] for name in names if name in self._labels}

    def _read_labels(self) -> None:
        owner, name = self.client.repository.split("/")
        cursor: str | None = None
        while True:
            page = self.client.graphql(LABELS_DOCUMENT, {"owner": owner, "name": name, "cursor": cursor})["repository"]["labels"]
            self._labels |= {node["name"]: node["id"] for node in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                return
            cursor = page["pageInfo"]["endCursor"]


def _field_value(known: BoardField, value: str | float) -> dict[str, str | float] | None:
    match known.kind:
        case "SINGLE_SELECT":
            option = known.options.get(str(value).casefold())
            return {"singleSelectOptionId": option} if option else None
        case "NUMBER":
            return {"number": float(value)}
        case "TEXT":
            return {"text": str(value)}
        case _:
            return None


@dataclass(kw_only=True)
class _Draft:
    """Several mutations in one document; each has its own alias and its own input variable."""

    parts: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    about: dict[str, tuple[str, int]] = field(default_factory=dict)
    items: dict[str, Projection] = field(default_factory=dict)
    creates: int = 0

    def add(
        self,
        mutation: str,
        kind: str,
        inputs: Any,
        one: Projection,
        *,
        answer: str = "clientMutationId",
        creates: bool = False,
        is_item: bool = False,
    ) -> None:
        alias = f"m{len(self.parts)}"
        self.heads.append(f"${alias}: {kind}!")
        self.parts.append(f"  {alias}: {mutation}(input: ${alias}) {{ {answer} }}")
        self.variables[alias] = inputs
        self.about[alias] = (mutation, one.issue.number)
        self.creates += creates
        if is_item:
            self.items[alias] = one

    def send(self, client: Client) -> Answer:
        if not self.parts:
            return Answer(data={}, errors=())
        document = f"mutation Show({', '.join(self.heads)}) {{\n" + "\n".join(self.parts) + "\n}"
        return client.mutate(document, self.variables, creates=self.creates)

    def wrong(self, answer: Answer) -> tuple[str, ...]:
        """What GitHub would not do, in its words, with the mutation and the issue that it was about."""
        return tuple(f"{self._place(error)}: {error.get('message')}" for error in answer.errors)

    def _place(self, error: Mapping[str, Any]) -> str:
        alias = str((error.get("path") or ["?"])[0])
        mutation, number = self.about.get(alias, ("the request", 0))
        return f"{mutation} for #{number}" if number else mutation
