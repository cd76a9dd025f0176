"""The Protocols through which people and the bot speak to each other: comments and their answers, the board, what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.facts.project import Issue
from bot.core.orders.labels import LabelChange


@dataclass(frozen=True, kw_only=True)
class IssueComment:
    """A comment of anybody who is no bot, as the list over the whole repository has it; `on` is an issue or a pull request."""

    comment: int
    on: int
    on_pull: bool
    by: str
    body: str
    at: datetime
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ThreadAnswer:
    thread: str
    body: str | None
    """None where the answer stands there already."""
    resolve: bool


@dataclass(frozen=True, kw_only=True)
class ThreadRefusal:
    """`resolving`: whether it is the resolving that GitHub would not do, and not the answer."""

    thread: str
    resolving: bool
    words: str


class Comments(Protocol):
    """What people write to the bot in comments, and its answers. Raises `GitHubError`."""

    def comments_since(self, at: datetime, *, last_activity: datetime | None) -> tuple[IssueComment, ...]:
        """Comments of people, made or edited at `at` or later below any issue or pull request, the one changed last at the end.
        While `last_activity`, the view's, stands still nothing can be new, and nothing is asked."""

    def may_write(self, login: str) -> bool:
        """By the collaborator-permission API; False for bots."""

    def own_comments(self, on: int, since: datetime) -> tuple[str, ...]:
        """Bodies of the bot's own comments there, changed at `since` or later: looked at before an answer is written."""

    def post(self, on: int, body: str) -> None:
        """A new comment."""

    def react(self, comments: Sequence[str]) -> tuple[str, ...]:
        """👀 on comments and reviews by node id; once there it stays one. What GitHub would not take, in its words."""

    def answer_threads(self, answers: Sequence[ThreadAnswer]) -> tuple[ThreadRefusal, ...]:
        """All of them in one request. What GitHub would not take; in an error that names no thread, everything."""

    def request_reviews(self, pull: int, logins: Sequence[str], *, teams: Sequence[str] = ()) -> None:
        """Asked again where they have reviewed already; whoever is asked already stays so. Teams are of the repository's organization,
        by their slugs. GitHub asks all of them or none."""


BoardValue = str | float | None
"""Text, the name of an option, or a number; None and the empty text both leave the field empty."""


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """A row as it should be: field name to value."""

    number: int
    node_id: str
    """Of the issue."""
    values: Mapping[str, BoardValue]


class BoardWriter(Protocol):
    """The project board, which is only ever written for people."""

    def missing(self, rows: Sequence[BoardRow]) -> tuple[BoardRow, ...]:
        """Those that are not on the board as they should be, each with only the values that differ; without a board, none.
        Asks GitHub once for each row, then remembers what was written. Fields and options that the board does not have are left out."""

    def write(self, rows: Sequence[BoardRow]) -> tuple[str, ...]:
        """What could not be written, in GitHub's words: people see less then, and nothing else is held up.

        Raises `GitHubError` where nobody knows what was written and asking again may help; not for ever.
        """

    def notice(self) -> str | None:
        """Why there is no board although one is configured; said once, None afterwards."""


@dataclass(frozen=True, kw_only=True)
class PullText:
    """The body that a pull request should have."""

    node_id: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Projection:
    """How one project is to be shown: its status comment, labels and pull request, written together, and its row on the board."""

    issue: Issue
    comment_id: str | None
    """Node id of the status comment to edit; None makes it."""
    body: str | None
    """None leaves the comment alone."""
    labels: LabelChange
    row: BoardRow | None
    """What to change on the board; None leaves it alone."""
    pull: PullText | None = None
    """None leaves the pull request's own words alone."""
