"""From GitHub's JSON to facts; nothing of the JSON goes further than this file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.adapters.github.actors import login_of, time_of
from bot.adapters.github.pull_notes import notes_on
from bot.adapters.github.queries import EVENTS
from bot.core.facts.project import (
    Act,
    Check,
    CheckState,
    Comment,
    ForeignPull,
    Issue,
    Mergeable,
    Pull,
    PullState,
    QueueRemoval,
    Review,
    ReviewState,
    Title,
)
from bot.core.orders.labels import PROPOSED, READY

LISTED = (READY, PROPOSED)
_PASSED = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
_BINDING = frozenset({ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED})
_BLOCKED = frozenset({"BLOCKED", "DRAFT"})
_SUMMARY = 6_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueReading:
    """An issue as it was read at `read_at`. Nobody in it may write yet: rights change without the issue, and are filled in at each look."""

    issue: Issue
    updated_at: datetime
    read_at: datetime
    names: frozenset[str]
    """Of whom it matters whether they may write."""
    branch: str | None = None
    """The branch whose pull request was asked for."""
    in_play: bool = False
    """Whether comments and pull request were read too."""
    pull: Pull | None = None
    foreign: tuple[ForeignPull, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether it is in the list of open issues that are queued or proposed; GitHub's labels do not mind case."""
        return self.issue.open and any(label.casefold() in LISTED for label in self.issue.labels)


MayWrite = Callable[[str], bool]


def seen_light(node: Any, read_at: datetime, may_write: MayWrite) -> IssueReading:
    issue = _issue(node, may_write)
    return IssueReading(issue=issue, updated_at=time_of(node["updatedAt"]), read_at=read_at, names=_names(issue, None))


def seen_in_play(
    node: Any, pull: Any | None, branch: str | None, read_at: datetime, may_write: MayWrite, foreign: tuple[ForeignPull, ...] = ()
) -> IssueReading:
    issue, known = _issue(node, may_write), _pull(pull) if pull is not None else None
    return IssueReading(
        issue=issue,
        updated_at=time_of(node["updatedAt"]),
        read_at=read_at,
        names=_names(issue, known),
        branch=branch,
        in_play=True,
        pull=known,
        foreign=foreign,
    )


def judged_issue(issue: Issue, may_write: MayWrite) -> Issue:
    """As rights are now: they may have changed since it was read."""
    queued = Act(by=issue.queued.by, at=issue.queued.at, may_write=may_write(issue.queued.by)) if issue.queued else None
    if queued == issue.queued and not issue.edits and not issue.comments:
        return issue
    edits = tuple(replace(edit, may_write=may_write(edit.by)) for edit in issue.edits)
    comments = tuple(replace(one, may_write=may_write(one.author)) if one.author == issue.author else one for one in issue.comments)
    return replace(issue, queued=queued, edits=edits, comments=comments)


def judged_pull(pull: Pull, may_write: MayWrite) -> Pull:
    reviews = (replace(one, may_write=one.state in _BINDING and may_write(one.author)) for one in pull.reviews)
    notes = (replace(note, may_write=may_write(note.author)) for note in pull.notes)
    return replace(pull, reviews=tuple(reviews), notes=tuple(notes))


def title(issue: Any) -> Title:
    """From REST's list."""
    labels = {label["name"] for label in issue["labels"]}
    return Title(
        number=issue["number"],
        title=issue["title"],
        open=issue["state"] == "open",
        proposed=PROPOSED in labels and READY not in labels,
    )


def rest_comment(one: Any) -> Comment:
    author = (one["user"] or {"login": "ghost"})["login"]
    at, changed_at = time_of(one["created_at"]), time_of(one["updated_at"])
    return Comment(node_id=one["node_id"], author=author, body=one["body"], at=at, changed_at=changed_at)


def _names(issue: Issue, pull: Pull | None) -> frozenset[str]:
    acts = [*issue.edits, *([issue.queued] if issue.queued else [])]
    reviewers = [one.author for one in pull.reviews if one.state in _BINDING] if pull else []
    reviewers += [note.author for note in pull.notes] if pull else []
    asker = [issue.author] if any(one.author == issue.author for one in issue.comments) else []
    return frozenset([act.by for act in acts] + reviewers + asker)


def _issue(node: Any, may_write: MayWrite) -> Issue:
    labels = frozenset(label["name"] for label in node["labels"]["nodes"])
    events = [event for event in node["timelineItems"]["nodes"] if event]
    comments = node.get("comments", {**node["talk"], "nodes": []})
    return Issue(
        number=node["number"],
        node_id=node["id"],
        title=node["title"],
        body=node["body"],
        open=node["state"] == "OPEN",
        author=login_of(node["author"]),
        labels=labels,
        created_at=time_of(node["createdAt"]),
        queued=_queued(node, labels, events, may_write),
        edits=_edits(node, events),
        comments=tuple(
            Comment(
                node_id=one["id"],
                author=login_of(one["author"]),
                body=one["body"],
                at=time_of(one["createdAt"]),
                changed_at=time_of(one["lastEditedAt"] or one["createdAt"]),
            )
            for one in comments["nodes"]
        ),
        more_comments=comments["totalCount"] > len(comments["nodes"]),
    )


def _queued(node: Any, labels: frozenset[str], events: list[Any], may_write: MayWrite) -> Act | None:
    """The last time that `agent:ready` was put on. An issue made with it has no such event on some servers: then its author did."""
    if READY not in labels:
        return None
    put_on = [event for event in events if event["__typename"] == "LabeledEvent" and event["label"]["name"] == READY]
    if not put_on and len(events) >= EVENTS:  # pushed out of sight by other labels or titles, which anybody may do: nobody is known
        return Act(by=login_of(None), at=time_of(node["createdAt"]), may_write=False)
    by, at = (login_of(put_on[-1]["actor"]), put_on[-1]["createdAt"]) if put_on else (login_of(node["author"]), node["createdAt"])
    return Act(by=by, at=time_of(at), may_write=may_write(by))


def _edits(node: Any, events: list[Any]) -> tuple[Act, ...]:
    found = [(event["actor"], event["createdAt"]) for event in events if event["__typename"] == "RenamedTitleEvent"]
    edits = node.get("userContentEdits") or {"totalCount": 0, "nodes": []}  # some servers tell of the last one alone
    told = [(edit["editor"], edit["editedAt"]) for edit in edits["nodes"] if edit]
    if told and edits["totalCount"] > len(told):  # the oldest that is told stands for those before it, which may be anybody's
        told[0] = (None, told[0][1])
    if not told and node["lastEditedAt"]:
        told = [(node["editor"], node["lastEditedAt"])]
    found += told
    acts = [Act(by=login_of(actor), at=time_of(at), may_write=False) for actor, at in found]
    return tuple(sorted(acts, key=lambda act: act.at))


def _pull(node: Any) -> Pull:
    entry = node["mergeQueueEntry"]
    group = entry["headCommit"] if entry else None
    return Pull(
        number=node["number"],
        node_id=node["id"],
        state=PullState[node["state"]],
        branch=node["headRefName"],
        head=node["headRefOid"],
        base=node["baseRefName"],
        author=login_of(node["author"]),
        mergeable={"MERGEABLE": Mergeable.YES, "CONFLICTING": Mergeable.NO}.get(node["mergeable"], Mergeable.UNKNOWN),
        created_at=time_of(node["createdAt"]),
        title=node["title"],
        body=node["body"],
        closed_at=time_of(node["closedAt"]) if node["closedAt"] else None,
        checks=_checks(node["commits"]["nodes"][-1]["commit"] if node["commits"]["nodes"] else None),
        base_checks=_checks(node["baseRef"]["target"] if node["baseRef"] else None),
        reviews=tuple(_review(one) for one in node["reviews"]["nodes"] if one["submittedAt"]),
        notes=notes_on(node),
        blocked=node["mergeStateStatus"] in _BLOCKED,
        queue_place=entry["position"] if entry else None,
        queue_head=group["oid"] if group else None,
        queue_checks=_checks(group),
        removal=_removal(node["timelineItems"]["nodes"]),
    )


def _removal(events: list[Any]) -> QueueRemoval | None:
    """Leaving the queue by being merged is told like every other end of waiting; public threads saw `failed_checks`, `manual`, `merged`."""
    if not events or events[-1] is None or (words := (events[-1]["reason"] or "no reason given").casefold()) == "merged":
        return None
    event = events[-1]
    return QueueRemoval(
        at=time_of(event["createdAt"]),
        by=login_of(event["actor"]),
        manual=words == "manual",
        words=words,
        checks=_checks(event["beforeCommit"]),
    )


def _checks(commit: Any) -> tuple[Check, ...]:
    rollup = commit["statusCheckRollup"] if commit else None
    return tuple(_check(one) for one in (rollup["contexts"]["nodes"] if rollup else ()))


def _review(node: Any) -> Review:
    return Review(
        author=login_of(node["author"]),
        state=ReviewState[node["state"]] if node["state"] in ReviewState.__members__ else ReviewState.COMMENTED,
        commit=(node["commit"] or {"oid": ""})["oid"],
        body=node["body"],
        at=time_of(node["submittedAt"]),
    )


def _check(node: Any) -> Check:
    if node["__typename"] == "StatusContext":
        state = {"SUCCESS": CheckState.SUCCESS, "PENDING": CheckState.PENDING, "EXPECTED": CheckState.PENDING}.get(
            node["state"], CheckState.FAILURE
        )
        reporter = login_of(node["creator"]).removesuffix("[bot]") if "creator" in node else ""
        words, url = node.get("description") or "", node.get("targetUrl") or ""
        return Check(name=node["context"], state=state, summary=words, url=url, reporter=reporter)
    if node["status"] != "COMPLETED":
        state = CheckState.PENDING
    else:
        state = CheckState.SUCCESS if node["conclusion"] in _PASSED else CheckState.FAILURE
    words = "\n".join(part for key in ("title", "summary", "text") if (part := node.get(key)))
    app, url = (node.get("checkSuite") or {}).get("app") or {}, node.get("detailsUrl") or ""
    return Check(name=node["name"], state=state, summary=words[-_SUMMARY:], url=url, reporter=app.get("slug") or "")
