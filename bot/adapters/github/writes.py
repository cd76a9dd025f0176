"""What the bot writes to GitHub: each thing once, even when an answer is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.github import merge_queue
from bot.adapters.github.client import Client
from bot.adapters.github.limits import Urgency
from bot.adapters.github.projector import Projector
from bot.core.facts.policy import MergeMethod
from bot.core.markdown.blocks import Block, page, paragraph
from bot.core.markdown.inline import code, line
from bot.core.orders.labels import Label
from bot.ports import GitHubError, GitHubErrorKind, MergeAnswer, Merged, ReviewComment
from bot.ports.people import Projection

_MERGE_ANSWERS = {"405": Merged.NOT_NOW, "409": Merged.HEAD_MOVED}


@dataclass(frozen=True, kw_only=True)
class Writes:
    """`GitHubWrites`. `reviewer` is the second identity where there is one; checks and merges are its own."""

    worker: Client
    reviewer: Client | None
    projector: Projector

    @property
    def _judge(self) -> Client:
        return (self.reviewer or self.worker).at(Urgency.REVIEW)

    @property
    def _builder(self) -> Client:
        return self.worker.at(Urgency.EXECUTION)

    @property
    def _dreamer(self) -> Client:
        return self.worker.at(Urgency.IDEATION)

    def open_pull(self, *, branch: str, base: str, title: str, body: str) -> int:
        existing = self._pull_of(branch, base)
        if existing is not None:
            return existing
        try:
            made = self._builder.rest("POST", "pulls", body={"title": title, "body": body, "head": branch, "base": base})
        except GitHubError as error:
            # The work may have been done although the answer was lost, or somebody was faster: look before saying that it failed.
            existing = self._pull_of(branch, base) if error.kind is not GitHubErrorKind.LIMITED else None
            if existing is None:
                raise
            return existing
        return int(made["number"])

    def _pull_of(self, branch: str, base: str) -> int | None:
        owner = self.worker.repository.split("/")[0]
        found = self._builder.rest("GET", "pulls", params={"head": f"{owner}:{branch}", "base": base, "state": "open"})
        return int(found[0]["number"]) if found else None

    def review(self, *, pull: int, head: str, approve: bool | None, body: str, comments: Sequence[ReviewComment]) -> None:
        client = self._judge
        event = {True: "APPROVE", False: "REQUEST_CHANGES", None: "COMMENT"}[approve]
        wanted: dict[str, Any] = {
            "commit_id": head,
            "event": event,
            "body": body,
            "comments": [{"path": one.path, "line": one.line, "side": "RIGHT", "body": one.body} for one in comments],
        }
        try:
            client.rest("POST", f"pulls/{pull}/reviews", body=wanted)
        except GitHubError as error:
            if error.kind is GitHubErrorKind.UNREACHABLE and self._is_reviewed(client, pull, head, event):
                return
            if error.kind is GitHubErrorKind.REFUSED and comments and "line" in str(error).lower():
                # One line outside the diff makes GitHub refuse all of it; the words matter more than their place.
                places = page(
                    *(
                        page(paragraph(line("{path}, line {line}:", path=code(one.path), line=one.line)), Block(one.body))
                        for one in comments
                    )
                )
                client.rest("POST", f"pulls/{pull}/reviews", body={**wanted, "body": f"{body}\n\n{places}", "comments": []})
                return
            raise

    def _is_reviewed(self, client: Client, pull: int, head: str, event: str) -> bool:
        state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}[event]
        return any(
            one["commit_id"] == head and one["state"] == state and (one["user"] or {}).get("login") == client.identity.login
            for one in client.pages(f"pulls/{pull}/reviews")
        )

    def check(self, *, head: str, name: str, success: bool, title: str, summary: str) -> None:
        client, state = self._judge, "success" if success else "failure"
        if client.identity.is_app:
            path = "check-runs"
            told = {"title": title, "summary": summary[:60_000]}
            body = {"name": name, "head_sha": head, "status": "completed", "conclusion": state, "output": told}
        else:
            path = f"statuses/{head}"
            body = {"state": state, "context": name, "description": title[:140]}
        try:
            client.rest("POST", path, body=body)
        except GitHubError as error:
            if error.kind is not GitHubErrorKind.UNREACHABLE or not self._is_checked(client, head, name, state):
                raise

    def _is_checked(self, client: Client, head: str, name: str, state: str) -> bool:
        """By the newest of that name: an older one of another conclusion says nothing about the one that was just sent."""
        if client.identity.is_app:
            found = client.rest("GET", f"commits/{head}/check-runs", params={"check_name": name, "filter": "latest"})["check_runs"]
            slug = client.identity.login.removesuffix("[bot]")
            return any(one["conclusion"] == state and (one["app"] or {}).get("slug") == slug for one in found)
        newest = client.rest("GET", f"commits/{head}/status", params={"per_page": 100})["statuses"]
        return any(one["context"] == name and one["state"] == state for one in newest)

    def merge(self, *, pull: int, head: str, method: MergeMethod, title: str, message: str) -> MergeAnswer:
        client = self._judge
        wanted = {"sha": head, "merge_method": method.value, "commit_title": title, "commit_message": message}
        try:
            client.rest("PUT", f"pulls/{pull}/merge", body=wanted)
        except GitHubError as error:
            if error.kind is GitHubErrorKind.UNREACHABLE and client.rest("GET", f"pulls/{pull}")["merged"]:
                return MergeAnswer(merged=Merged.DONE)
            status = str(error).split(" ", 1)[0]
            if error.kind is not GitHubErrorKind.REFUSED or status not in _MERGE_ANSWERS:
                raise
            return MergeAnswer(merged=_MERGE_ANSWERS[status], words=str(error))
        return MergeAnswer(merged=Merged.DONE)

    def enqueue(self, *, pull: str, head: str) -> MergeAnswer:
        return merge_queue.enqueue(self.reviewer or self.worker, pull, head)

    def dequeue(self, *, pull: str) -> None:
        merge_queue.dequeue(self.reviewer or self.worker, pull)

    def open_issue(self, *, title: str, body: str, labels: Sequence[str], mark: str) -> int:
        existing = self._marked(mark, labels[0])
        if existing is not None:
            return existing
        try:
            made = self._dreamer.rest("POST", "issues", body={"title": title, "body": body, "labels": list(labels)})
        except GitHubError as error:
            existing = self._marked(mark, labels[0]) if error.kind is GitHubErrorKind.UNREACHABLE else None
            if existing is None:
                raise
            return existing
        return int(made["number"])

    def _marked(self, mark: str, label: str) -> int | None:
        """By label and list, never by search: the index lags."""
        found = self._dreamer.pages("issues", {"state": "all", "labels": label})
        return next((int(one["number"]) for one in found if mark in (one["body"] or "")), None)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Adding what is there already changes nothing, so it may be repeated."""
        self._builder.rest("POST", f"issues/{number}/labels", body={"labels": list(labels)}, repeatable=True)

    def close_issue(self, number: int) -> None:
        self._builder.rest("PATCH", f"issues/{number}", body={"state": "closed", "state_reason": "completed"})

    def show(self, projections: Sequence[Projection]) -> None:
        self.projector.show(projections)

    def ensure_labels(self, labels: Sequence[Label]) -> tuple[str, ...]:
        return self.projector.ensure_labels(labels)
