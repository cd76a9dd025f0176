"""GitHub's side of a snapshot, kept in the process and made new where GitHub says that something changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any

from bot.adapters.github.actors import time_of
from bot.adapters.github.changes import SETTLES, ChangeList, Changes
from bot.adapters.github.client import Client
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.jobs import ended
from bot.adapters.github.nodes import (
    LISTED,
    IssueReading,
    judged_issue,
    judged_pull,
    rest_comment,
    seen_in_play,
    seen_light,
    title,
)
from bot.adapters.github.project_pulls import foreign_pulls, is_own
from bot.adapters.github.queries import PULL_DOCUMENT, snapshot_document
from bot.core.facts.project import Comment, Issue, PullState, Title
from bot.ports import GitHubError, GitHubErrorKind, View

_AT_ONCE = 40
_PAGE = 100
_ALL_AGAIN = timedelta(hours=1)
"""After this everything is read again, for changes of which GitHub does not tell: a label deleted from the repository, for one."""
_BLOCKED_FOR = timedelta(minutes=10)


@dataclass(kw_only=True)
class _Memory:
    """What was read, until it is read again. A new process begins with nothing."""

    all_read_at: datetime | None = None
    last_activity: datetime | None = None
    """When an issue or pull request, queued or not, was touched last in a way that may have been a comment."""
    merge_queue: bool = False
    seen: dict[int, IssueReading] = field(default_factory=dict)
    absent: dict[int, str | None] = field(default_factory=dict)
    """Projects in play whose issue is not there, with their branch."""
    gap: int = 0
    """How many more GitHub counted than it listed, right after listing them."""
    doubt: bool = False
    """GitHub counted more than are known; that may be one that was made just now, and the list of changes a moment behind."""
    rights: dict[str, bool] = field(default_factory=dict)
    shown: dict[int, tuple[IssueReading, bool, Issue]] = field(default_factory=dict)
    blocked: dict[int, tuple[tuple[int, ...], datetime]] = field(default_factory=dict)
    comments: dict[int, tuple[datetime, tuple[Comment, ...]]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Reads:
    """`GitHubReads`. Reads as the worker. One thread calls `view`."""

    client: Client
    collaborators: Collaborators
    default_branch: str | None = None
    """Into which a project's pull request goes; None takes it from any."""
    _memory: _Memory = field(default_factory=_Memory)

    @cached_property
    def _changes(self) -> Changes:
        return Changes(client=self.client)

    def view(self, in_play: Mapping[int, str | None]) -> View:
        read_at, now = self._memory.all_read_at, self.client.clock.now()
        if read_at is None or now - read_at >= _ALL_AGAIN:
            self._read_all(in_play)
        else:
            self._read_changes(in_play)
        return self._shown(in_play)

    def blockers(self, number: int) -> tuple[int, ...]:
        try:
            found = self.client.pages(f"issues/{number}/dependencies/blocked_by")
        except GitHubError as error:
            if error.kind is not GitHubErrorKind.GONE:  # servers that do not have dependencies
                raise
            found = []
        blocking = tuple(issue["number"] for issue in found if issue["state"] == "open")
        if blocking:
            self._memory.blocked[number] = (blocking, self.client.clock.now())
        else:
            self._memory.blocked.pop(number, None)
        return blocking

    def ended(self, jobs: Set[str]) -> frozenset[str]:
        return ended(self.client, jobs)

    def titles(self) -> tuple[Title, ...]:
        """Asked oldest first, so that a new issue changes the last page and the others stay free; answered newest first."""
        found = self.client.pages("issues", {"state": "all", "sort": "created", "direction": "asc"})
        return tuple(title(issue) for issue in reversed(found) if "pull_request" not in issue)

    def comments(self, number: int) -> tuple[Comment, ...]:
        seen, now = self._memory.seen.get(number), self.client.clock.now()
        kept = self._memory.comments.get(number)
        if seen is not None and kept is not None and kept[0] == seen.updated_at:
            return kept[1]
        found = tuple(rest_comment(one) for one in self.client.pages(f"issues/{number}/comments"))
        if seen is not None and seen.updated_at < now - SETTLES:
            self._memory.comments[number] = (seen.updated_at, found)
        return found

    def _read_all(self, in_play: Mapping[int, str | None]) -> None:
        memory, at = self._memory, self.client.clock.now()
        groups = _grouped(in_play) or [{}]
        found = self._repository(snapshot_document(groups[0]), None)
        for node in (*found["stirred"]["nodes"], *found["stirredPulls"]["nodes"]):
            self._note_activity(time_of(node["updatedAt"]))
        may_write = cache(self.collaborators.may_write)  # a long queue is mostly of the same few people
        seen = {node["number"]: seen_light(node, at, may_write) for node in self._list_from(found)}
        gap = found["issues"]["totalCount"] - len(seen)
        absent = self._take(found, groups[0], (), seen, at)
        for group in groups[1:]:
            more = self._repository(snapshot_document(group, with_list=False))
            absent |= self._take(more, group, (), seen, at)
        memory.seen, memory.absent, memory.gap, memory.doubt, memory.all_read_at = seen, absent, gap, False, at
        memory.blocked.clear()
        memory.comments = {number: kept for number, kept in memory.comments.items() if number in seen}
        self._changes.begin(at)

    def _read_changes(self, in_play: Mapping[int, str | None]) -> None:
        """Where one query shows everything, that query is all that is asked once anything must be read anew."""
        seen = self._memory.seen
        small = sum(one.listed for one in seen.values()) < _PAGE and len(in_play) <= _AT_ONCE
        moving = self._moving(in_play)
        if small and moving:
            self._read_all(in_play)
            return
        changes = self._changes.ask()
        self._note_activity(changes.commented_at)
        touched = self._touched(changes, in_play)
        self._forget_blocked(changes)
        if changes.touched or changes.vanished or moving or self._memory.doubt:
            uncounted = {number for number in in_play if number in seen and not seen[number].listed}  # who may go without a word
            wanted = sorted(moving | touched | uncounted)
            many = len(wanted) > max(len(seen), _PAGE) * _AT_ONCE // _PAGE
            if small or many or not self._read_again(wanted, in_play):
                self._read_all(in_play)
        self._changes.learn(changes)

    def _read_again(self, wanted: list[int], in_play: Mapping[int, str | None]) -> bool:
        """False where GitHub counts fewer issues than are known, since some went without a word; and where it keeps on counting more."""
        memory, at = self._memory, self.client.clock.now()
        seen, absent, total = dict(memory.seen), dict(memory.absent), 0
        for start in range(0, max(1, len(wanted)), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            full = {number: in_play[number] for number in part if number in in_play}
            light = [number for number in part if number not in in_play]
            for number in part:
                seen.pop(number, None)
                absent.pop(number, None)
            found = self._repository(snapshot_document(full, light=light, with_list=False))
            absent |= self._take(found, full, light, seen, at)
            total = found["issues"]["totalCount"]
        more = total - sum(one.listed for one in seen.values()) - memory.gap
        if more < 0 or (more > 0 and memory.doubt):
            return False
        memory.seen, memory.absent, memory.doubt = seen, absent, more > 0
        return True

    def _moving(self, in_play: Mapping[int, str | None]) -> set[int]:
        """What must be read again whatever the list of changes says: checks and mergeability leave no trace there."""
        memory = self._memory
        found = {number for number, one in memory.seen.items() if one.updated_at >= one.read_at - SETTLES}
        for number, branch in in_play.items():
            one = memory.seen.get(number)
            if one is None or not one.in_play:
                found |= set() if number in memory.absent and memory.absent[number] == branch else {number}
            elif one.branch != branch or (one.pull is not None and one.pull.state is not PullState.CLOSED):
                found.add(number)
        return found

    def _touched(self, changes: ChangeList, in_play: Mapping[int, str | None]) -> set[int]:
        seen = self._memory.seen
        of_pull = {one.pull.number: number for number, one in seen.items() if one.pull is not None}
        found: set[int] = set()
        for one in changes.touched:
            known = seen.get(one.number)
            if one.is_pull:  # one that is not known yet may be that of any branch
                found |= {of_pull[one.number]} if one.number in of_pull else {number for number, branch in in_play.items() if branch}
            elif known is not None and known.updated_at == one.updated_at and one.updated_at < known.read_at - SETTLES:
                continue
            elif known is not None or one.listed or one.number in in_play:
                found.add(one.number)
        return found

    def _forget_blocked(self, changes: ChangeList) -> None:
        """GitHub does not say of an issue that what blocks it was closed; the list does of the one that was."""
        touched = {one.number for one in changes.touched}
        self._memory.blocked = {
            number: (blocking, at)
            for number, (blocking, at) in self._memory.blocked.items()
            if changes.at - at < _BLOCKED_FOR and not touched & {number, *blocking}
        }

    def _take(
        self, found: Any, full: Mapping[int, str | None], light: Iterable[int], seen: dict[int, IssueReading], at: datetime
    ) -> dict[int, str | None]:
        """Puts what a query found under its aliases into `seen`; those in play that it did not find."""
        absent = {}
        for number in light:
            if (node := found.get(f"i{number}")) is not None and (one := seen_light(node, at, self.collaborators.may_write)).listed:
                seen[number] = one
        for number, branch in full.items():
            pulls = (found.get(f"p{number}") or {"nodes": []})["nodes"]
            if (node := found.get(f"i{number}")) is not None:
                newest, worker = pulls[-1] if pulls else None, self.client.identity.login
                own = newest is None or is_own(newest, worker, self.default_branch)
                pull = newest if own or branch is None else self._own_pull(branch)
                others = (found.get(f"f{number}") or {"nodes": []})["nodes"]
                foreign = foreign_pulls(others, worker, self.default_branch)
                seen[number] = seen_in_play(node, pull, branch, at, self.collaborators.may_write, foreign)
            else:
                absent[number] = branch
        return absent

    def _own_pull(self, branch: str) -> Any | None:
        """GraphQL goes by a branch's name alone, and a stranger may give a branch of their fork any name; REST goes by whose it is, too.

        Of those the newest that is the project's own, whatever somebody else opened from its branch since.
        """
        owner, name = self.client.repository.split("/")
        made = {"sort": "created", "direction": "desc"}
        for one in self.client.rest("GET", "pulls", params={"head": f"{owner}:{branch}", "state": "all", "per_page": 100, **made}):
            source = one["head"]["repo"]
            if source is None or source["full_name"].lower() != self.client.repository.lower():
                continue
            mine = (one["user"] or {}).get("login") == self.client.identity.login or one["merged_at"] is not None
            if mine and self.default_branch in (None, one["base"]["ref"]):
                found = self.client.graphql(PULL_DOCUMENT, {"owner": owner, "name": name, "number": one["number"]})
                return found["repository"]["pullRequest"]
        return None

    def _repository(self, document: str, cursor: str | None = None) -> Any:
        owner, name = self.client.repository.split("/")
        variables = {"owner": owner, "name": name, "labels": list(LISTED)} | ({"cursor": cursor} if "$cursor" in document else {})
        found = self.client.graphql(document, variables, absent=True)["repository"]
        if found is None:
            raise GitHubError(GitHubErrorKind.GONE, f"{self.client.repository} is not there, or this token may not see it")
        self._memory.merge_queue = found["mergeQueue"] is not None
        return found

    def _note_activity(self, at: datetime | None) -> None:
        self._memory.last_activity = max((one for one in (self._memory.last_activity, at) if one is not None), default=None)

    def _list_from(self, found: Any) -> Iterator[Any]:
        """Page by page, so that never more than one of them is held."""
        document = snapshot_document({})
        yield from found["issues"]["nodes"]
        while found["issues"]["pageInfo"]["hasNextPage"]:
            found = self._repository(document, found["issues"]["pageInfo"]["endCursor"])
            yield from found["issues"]["nodes"]

    def _shown(self, in_play: Mapping[int, str | None]) -> View:
        memory = self._memory
        names = frozenset[str]().union(*(one.names for one in memory.seen.values()))
        rights = {name: self.collaborators.may_write(name) for name in names}
        if rights != memory.rights:
            memory.shown, memory.rights = {}, rights
        memory.seen = {number: one for number, one in memory.seen.items() if one.listed or number in in_play}
        memory.shown = {number: self._judged(number, one, number in in_play) for number, one in memory.seen.items()}
        issues = {number: issue for number, (_, _, issue) in memory.shown.items()}
        for number, (blocking, _) in memory.blocked.items():
            if number in issues:
                issues[number] = replace(issues[number], blockers=blocking)
        of_play = {branch: memory.seen[number] for number, branch in in_play.items() if branch is not None and number in memory.seen}
        pulls = {branch: judged_pull(one.pull, rights.__getitem__) for branch, one in of_play.items() if one.pull is not None}
        foreign = {branch: one.foreign for branch, one in of_play.items() if one.foreign}
        return View(issues=issues, pulls=pulls, foreign=foreign, last_activity=memory.last_activity, merge_queue=memory.merge_queue)

    def _judged(self, number: int, one: IssueReading, in_play: bool) -> tuple[IssueReading, bool, Issue]:
        kept = self._memory.shown.get(number)
        if kept is not None and kept[0] is one and kept[1] is in_play:
            return kept
        issue = judged_issue(one.issue, self._memory.rights.__getitem__)
        if one.in_play and not in_play:  # as the list would show it
            issue = replace(issue, comments=(), more_comments=issue.more_comments or bool(issue.comments))
        return one, in_play, issue


def _grouped(in_play: Mapping[int, str | None]) -> list[dict[int, str | None]]:
    wanted = sorted(in_play.items())
    return [dict(wanted[at : at + _AT_ONCE]) for at in range(0, len(wanted), _AT_ONCE)]
