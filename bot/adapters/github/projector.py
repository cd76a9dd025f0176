"""Status comments, labels and the bodies of pull requests, written together in as few requests as GitHub allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.github.client import Client
from bot.adapters.github.mutations import MutationBatch
from bot.adapters.github.queries import LABELS_DOCUMENT
from bot.core.orders.labels import PEOPLE_LABELS, Label
from bot.core.projections.bot_labels import BOT_LABELS
from bot.ports import GitHubError, GitHubErrorKind
from bot.ports.people import Projection

_AT_ONCE = 20


@dataclass(kw_only=True)
class Projector:
    client: Client
    _labels: dict[str, str] = field(default_factory=dict)

    def show(self, projections: Sequence[Projection]) -> None:
        """Raises `GitHubError` naming what was not written; the next look finds it missing and writes it."""
        most = self.client.governor.most_created(self.client.urgency)
        at_once = _AT_ONCE if most is None else min(_AT_ONCE, most)
        for at in range(0, len(projections), at_once):
            self._show(projections[at : at + at_once])

    def _show(self, projections: Sequence[Projection]) -> None:
        """Labels first, comments last: GitHub does them in this order, and what people are shown is known by its comment,
        so whatever was cut short is done again at the next look."""
        ids = self._label_ids({name for one in projections for name in one.labels.add | one.labels.remove})
        batch = MutationBatch()
        for one in projections:
            _relabel(batch, one, ids)
        for one in projections:
            _comment(batch, one)
            if one.pull is not None:
                batch.add("updatePullRequest", {"pullRequestId": one.pull.node_id, "body": one.pull.body}, one.issue.number)
        if wrong := batch.wrong(batch.send(self.client)):
            self._labels.clear()  # a label may have been deleted and made again since its id was read
            raise GitHubError(GitHubErrorKind.REFUSED, "Not everything could be shown: " + "; ".join(wrong))

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
        except GitHubError as error:
            if error.kind is GitHubErrorKind.LIMITED:
                raise
            self._read_labels()  # the answer may have been lost after the work, or somebody was faster
            if label.name not in self._labels:
                raise

    def _label_ids(self, names: set[str]) -> dict[str, str]:
        if not names <= self._labels.keys():
            self.ensure_labels([label for label in (*BOT_LABELS, *PEOPLE_LABELS) if label.name in names])
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


def _comment(batch: MutationBatch, one: Projection) -> None:
    if one.body is not None and one.comment_id is None:
        batch.add("addComment", {"subjectId": one.issue.node_id, "body": one.body}, one.issue.number, creates=True)
    elif one.body is not None:
        batch.add("updateIssueComment", {"id": one.comment_id, "body": one.body}, one.issue.number)


def _relabel(batch: MutationBatch, one: Projection, ids: Mapping[str, str]) -> None:
    for mutation, names in (("addLabelsToLabelable", one.labels.add), ("removeLabelsFromLabelable", one.labels.remove)):
        if known := [ids[name] for name in sorted(names) if name in ids]:
            batch.add(mutation, {"labelableId": one.issue.node_id, "labelIds": known}, one.issue.number)
