"""What people write in comments, read only when something in the repository has changed, and the bot's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.github.client import Client
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.mutations import MutationBatch
from bot.ports.people import IssueComment, ThreadAnswer, ThreadRefusal

_SETTLES = timedelta(seconds=10)
"""GitHub's times have whole seconds and its lists lag a little: only what is older than this is known to be all."""


@dataclass(kw_only=True)
class Comments:
    """`bot.ports.people.Comments`, as the worker."""

    client: Client
    collaborators: Collaborators
    _read: dict[tuple[datetime, datetime], tuple[IssueComment, ...]] = field(default_factory=dict)

    def comments_since(self, at: datetime, *, last_activity: datetime | None) -> tuple[IssueComment, ...]:
        """https://docs.github.com/rest/issues/comments#list-issue-comments-for-a-repository: `since` goes by the last change, inclusive."""
        if last_activity is None or last_activity < at:
            return ()
        known = self._read.get((at, last_activity))
        if known is not None:
            return known
        params = {"since": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "sort": "updated", "direction": "asc"}
        found = tuple(_issue_comment(one) for one in self.client.pages("issues/comments", params) if _is_person(one))
        if self.client.clock.now() - last_activity > _SETTLES:
            self._read = {(at, last_activity): found}
        return found

    def may_write(self, login: str) -> bool:
        return self.collaborators.may_write(login)

    def own_comments(self, on: int, since: datetime) -> tuple[str, ...]:
        found = self.client.pages(f"issues/{on}/comments", {"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"})
        return tuple(one["body"] for one in found if (one["user"] or {}).get("login") == self.client.identity.login)

    def post(self, on: int, body: str) -> None:
        self.client.rest("POST", f"issues/{on}/comments", body={"body": body})

    def react(self, comments: Sequence[str]) -> tuple[str, ...]:
        batch = MutationBatch()
        for one in comments:
            batch.add("addReaction", {"subjectId": one, "content": "EYES"}, 0)
        return batch.wrong(batch.send(self.client))

    def answer_threads(self, answers: Sequence[ThreadAnswer]) -> tuple[ThreadRefusal, ...]:
        """An answer that resolves nothing is better than none: integrations may be refused the one and not the other."""
        batch = MutationBatch()
        asked: dict[str, tuple[str, bool]] = {}
        for one in answers:
            if one.body is not None:
                reply = {"pullRequestReviewThreadId": one.thread, "body": one.body}
                asked[batch.add("addPullRequestReviewThreadReply", reply, 0, creates=True)] = (one.thread, False)
            if one.resolve:
                asked[batch.add("resolveReviewThread", {"threadId": one.thread}, 0)] = (one.thread, True)
        answer = batch.send(self.client)
        refused: list[ThreadRefusal] = []
        for error, words in zip(answer.errors, batch.wrong(answer), strict=True):
            place = str((error.get("path") or ["?"])[0])
            about = [asked[place]] if place in asked else list(asked.values())
            refused += [ThreadRefusal(thread=thread, resolving=resolving, words=words) for thread, resolving in about]
        return tuple(refused)

    def request_reviews(self, pull: int, logins: Sequence[str], *, teams: Sequence[str] = ()) -> None:
        """https://docs.github.com/rest/pulls/review-requests"""
        body = {"reviewers": list(logins), **({"team_reviewers": list(teams)} if teams else {})}
        self.client.rest("POST", f"pulls/{pull}/requested_reviewers", body=body, repeatable=True)


def _is_person(one: Any) -> bool:
    user = one["user"]
    return user is not None and user["type"] != "Bot" and not one.get("performed_via_github_app")


def _issue_comment(one: Any) -> IssueComment:
    return IssueComment(
        comment=one["id"],
        on=int(one["issue_url"].rsplit("/", 1)[1]),
        on_pull="/pull/" in one["html_url"],
        by=one["user"]["login"],
        body=one["body"] or "",
        at=_time(one["created_at"]),
        changed_at=_time(one["updated_at"]),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
