"""GitHub's side of a snapshot, from its JSON to facts; nothing of the JSON goes further than this file."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github.client import Client
from bot.adapters.github.jobs import ended
from bot.adapters.github.people import People
from bot.adapters.github.queries import next_page_document, snapshot_document
from bot.core.labels import PROPOSED, READY
from bot.core.project import Act, Check, CheckState, Comment, Issue, Mergeable, Pull, PullState, Review, ReviewState, Title
from bot.ports import GitHubTrouble, GitHubTroubleKind, View

_AT_ONCE = 40
_PASSED = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
_SUMMARY = 6_000


@dataclass(frozen=True, kw_only=True)
class Reads:
    """`GitHubReads`. Reads as the worker."""

    client: Client
    people: People

    def view(self, in_play: Mapping[int, str | None]) -> View:
        wanted = sorted(in_play.items())
        groups = [dict(wanted[at : at + _AT_ONCE]) for at in range(0, len(wanted), _AT_ONCE)] or [{}]
        issues: dict[int, Issue] = {}
        pulls: dict[str, Pull] = {}
        stirred: list[datetime] = []
        for place, group in enumerate(groups):
            found = self._repository(snapshot_document(group), None)
            stirred += [_time(node["updatedAt"]) for name in ("stirred", "stirredPulls") for node in found[name]["nodes"]]
            for node in self._rest_of_list(found) if place == 0 else ():
                issues.setdefault(node["number"], self._issue(node))
            for number, branch in group.items():
                if (node := found.get(f"i{number}")) is not None:
                    issues[number] = self._issue(node)
                nodes = (found.get(f"p{number}") or {"nodes": []})["nodes"]
                if branch is not None and nodes:
                    pulls[branch] = self._pull(nodes[-1])
        return View(issues=issues, pulls=pulls, stirred=max(stirred, default=None))

    def blockers(self, number: int) -> tuple[int, ...]:
        try:
            found = self.client.pages(f"issues/{number}/dependencies/blocked_by")
        except GitHubTrouble as trouble:
            if trouble.kind is GitHubTroubleKind.GONE:  # servers that do not have dependencies
                return ()
            raise
        return tuple(issue["number"] for issue in found if issue["state"] == "open")

    def ended(self, jobs: Set[str]) -> frozenset[str]:
        return ended(self.client, jobs)

    def titles(self) -> tuple[Title, ...]:
        found = self.client.pages("issues", {"state": "all"})
        return tuple(
            Title(
                number=issue["number"],
                title=issue["title"],
                open=issue["state"] == "open",
                proposed=PROPOSED in {label["name"] for label in issue["labels"]}
                and READY not in {label["name"] for label in issue["labels"]},
            )
            for issue in found
            if "pull_request" not in issue
        )

    def comments(self, number: int) -> tuple[Comment, ...]:
        found = self.client.pages(f"issues/{number}/comments")
        return tuple(
            Comment(
                node_id=one["node_id"], author=(one["user"] or {"login": "ghost"})["login"], body=one["body"], at=_time(one["created_at"])
            )
            for one in found
        )

    def _repository(self, document: str, cursor: str | None) -> Any:
        owner, name = self.client.repository.split("/")
        variables = {"owner": owner, "name": name, "cursor": cursor, "labels": [READY, PROPOSED]}
        found = self.client.graphql(document, variables, absent=True)["repository"]
        if found is None:
            raise GitHubTrouble(GitHubTroubleKind.GONE, f"{self.client.repository} is not there, or this token may not see it")
        return found

    def _rest_of_list(self, found: Any) -> list[Any]:
        nodes = list(found["issues"]["nodes"])
        while found["issues"]["pageInfo"]["hasNextPage"]:
            found = self._repository(next_page_document(), found["issues"]["pageInfo"]["endCursor"])
            nodes += found["issues"]["nodes"]
        return nodes

    def _issue(self, node: Any) -> Issue:
        labels = frozenset(label["name"] for label in node["labels"]["nodes"])
        events = [event for event in node["timelineItems"]["nodes"] if event]
        comments = node.get("comments", {**node["talk"], "nodes": []})
        return Issue(
            number=node["number"],
            node_id=node["id"],
            title=node["title"],
            body=node["body"],
            open=node["state"] == "OPEN",
            author=_login(node["author"]),
            labels=labels,
            created_at=_time(node["createdAt"]),
            queued=self._queued(node, labels, events),
            edits=self._edits(node, events),
            comments=tuple(
                Comment(node_id=one["id"], author=_login(one["author"]), body=one["body"], at=_time(one["createdAt"]))
                for one in comments["nodes"]
            ),
            more_comments=comments["totalCount"] > len(comments["nodes"]),
        )

    def _queued(self, node: Any, labels: frozenset[str], events: list[Any]) -> Act | None:
        """The last time that `agent:ready` was put on. An issue made with it has no such event on some servers: then its author did."""
        if READY not in labels:
            return None
        put_on = [event for event in events if event["__typename"] == "LabeledEvent" and event["label"]["name"] == READY]
        by, at = (_login(put_on[-1]["actor"]), put_on[-1]["createdAt"]) if put_on else (_login(node["author"]), node["createdAt"])
        return Act(by=by, at=_time(at), may_write=self.people.may_write(by))

    def _edits(self, node: Any, events: list[Any]) -> tuple[Act, ...]:
        found = [(event["actor"], event["createdAt"]) for event in events if event["__typename"] == "RenamedTitleEvent"]
        if node["lastEditedAt"]:
            found.append((node["editor"], node["lastEditedAt"]))
        acts = [Act(by=_login(actor), at=_time(at), may_write=self.people.may_write(_login(actor))) for actor, at in found]
        return tuple(sorted(acts, key=lambda act: act.at))

    def _pull(self, node: Any) -> Pull:
        rollup = node["commits"]["nodes"][-1]["commit"]["statusCheckRollup"] if node["commits"]["nodes"] else None
        return Pull(
            number=node["number"],
            node_id=node["id"],
            state=PullState[node["state"]],
            branch=node["headRefName"],
            head=node["headRefOid"],
            base=node["baseRefName"],
            author=_login(node["author"]),
            mergeable={"MERGEABLE": Mergeable.YES, "CONFLICTING": Mergeable.NO}.get(node["mergeable"], Mergeable.UNKNOWN),
            created_at=_time(node["createdAt"]),
            closed_at=_time(node["closedAt"]) if node["closedAt"] else None,
            checks=tuple(_check(one) for one in (rollup["contexts"]["nodes"] if rollup else ())),
            reviews=tuple(self._review(one) for one in node["reviews"]["nodes"] if one["submittedAt"]),
        )

    def _review(self, node: Any) -> Review:
        author = _login(node["author"])
        state = ReviewState[node["state"]] if node["state"] in ReviewState.__members__ else ReviewState.COMMENTED
        asks = state is ReviewState.CHANGES_REQUESTED
        return Review(
            author=author,
            state=state,
            commit=(node["commit"] or {"oid": ""})["oid"],
            body=node["body"],
            at=_time(node["submittedAt"]),
            may_write=(asks or state is ReviewState.APPROVED) and self.people.may_write(author),
        )


def _check(node: Any) -> Check:
    if node["__typename"] == "StatusContext":
        state = {"SUCCESS": CheckState.SUCCESS, "PENDING": CheckState.PENDING, "EXPECTED": CheckState.PENDING}.get(
            node["state"], CheckState.FAILURE
        )
        return Check(name=node["context"], state=state, summary=node["description"] or "", url=node["targetUrl"] or "")
    if node["status"] != "COMPLETED":
        state = CheckState.PENDING
    else:
        state = CheckState.SUCCESS if node["conclusion"] in _PASSED else CheckState.FAILURE
    words = "\n".join(part for part in (node["title"], node["summary"], node["text"]) if part)
    return Check(name=node["name"], state=state, summary=words[-_SUMMARY:], url=node["detailsUrl"] or "")


def _login(actor: Any) -> str:
    """REST's spelling: GraphQL leaves out the `[bot]` of an app's login; a deleted account has no actor at all."""
    if actor is None:
        return "ghost"
    login: str = actor["login"]
    return f"{login}[bot]" if actor["__typename"] == "Bot" and not login.endswith("[bot]") else login


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
