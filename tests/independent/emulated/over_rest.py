"""GraphQL by GitHub's published schema, resolved by `emulate`'s REST: as much as the bot asks for, and an error for all else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    graphql_sync,
)

if TYPE_CHECKING:
    from tests.independent.emulated.bridge import Bridge

Resolver = Callable[..., Any]
Info = GraphQLResolveInfo[Any]
_EVENTS = {"labeled": "LabeledEvent", "renamed": "RenamedTitleEvent"}


class NotFound(GraphQLError):
    def __init__(self, what: str) -> None:
        super().__init__(f"Could not resolve to {what}.", extensions={"type": "NOT_FOUND"})


@dataclass(kw_only=True)
class Executor:
    bridge: Bridge
    schema: Path
    known: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Node id to kind and path, of all that was ever told."""

    def answer(self, document: str, variables: Mapping[str, Any], *, token: str | None) -> Any:
        result = graphql_sync(self._schema, document, variable_values=dict(variables), context_value=token)
        told: dict[str, Any] = {"data": result.data}
        if result.errors:
            told["errors"] = [{**(one.extensions or {}), "message": one.message, "path": one.path} for one in result.errors]
        return told

    @cached_property
    def _schema(self) -> GraphQLSchema:
        made = build_schema(self.schema.read_text(encoding="utf-8"), assume_valid=True)
        for kind in made.type_map.values():
            if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
                kind.resolve_type = lambda value, *_: value["__typename"]
            elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                for name, one in kind.fields.items():
                    one.resolve = self._resolvers.get((kind.name, name), _plain)
        return made

    @cached_property
    def _resolvers(self) -> dict[tuple[str, str], Resolver]:
        found: dict[tuple[str, str], Resolver] = {
            ("Query", "repository"): self.repository,
            ("Repository", "issues"): self.issues,
            ("Repository", "issue"): self.issue,
            ("Repository", "pullRequests"): self.pulls,
            ("Repository", "labels"): lambda _, info, **given: _page(self._labels(info, "labels"), given),
            ("Repository", "mergeQueue"): lambda *_, **__: None,
            ("Issue", "labels"): lambda issue, info, **given: _page([self._label(one) for one in issue["rest"]["labels"]], given),
            ("Issue", "comments"): self.comments,
            ("Issue", "timelineItems"): self.timeline,
            ("PullRequest", "reviews"): self.reviews,
            ("PullRequest", "comments"): self.comments,
            ("PullRequest", "reviewThreads"): lambda *_, **given: _page([], given),  # nobody writes on lines in this story
            ("PullRequest", "commits"): lambda pull, info, **given: _page([{"commit": self.commit(info, pull["headRefOid"])}], given),
            ("PullRequest", "timelineItems"): lambda *_, **given: _page([], given),
            ("Mutation", "addComment"): self.add_comment,
            ("Mutation", "updateIssueComment"): self.update_comment,
            ("Mutation", "addLabelsToLabelable"): self.add_labels,
            ("Mutation", "removeLabelsFromLabelable"): self.remove_labels,
        }
        return found

    def get(self, info: Info, path: str, method: str = "GET", body: Any = None) -> Any:
        content = json.dumps(body).encode() if body is not None else b""
        url, _, query = f"{self.bridge.place}/{path}".rstrip("/").partition("?")
        answer = self.bridge.ask(method, url, token=info.context, query=query, body=content)
        if answer.status_code == 404:
            raise NotFound(path)
        if answer.status_code >= 400:
            raise GraphQLError(answer.text, extensions={"type": "FORBIDDEN"})
        return answer.json() if answer.content else None

    def every(self, info: Info, path: str) -> Iterator[Any]:
        mark = "&" if "?" in path else "?"
        for number in range(1, 50):
            part = self.get(info, f"{path}{mark}per_page=100&page={number}")
            yield from part
            if len(part) < 100:
                return

    def repository(self, _: Any, info: Info, *, owner: str, name: str, **__: Any) -> Any:
        return {"id": self.get(info, "")["node_id"], "name": name}

    def _labels(self, info: Info, path: str) -> list[Any]:
        return [self._label(one) for one in self.every(info, path)]

    def _label(self, one: Any) -> Any:
        self.known[one["node_id"]] = ("Label", one["name"])
        return {"id": one["node_id"], "name": one["name"]}

    def _issue(self, one: Any) -> Any:
        self.known[one["node_id"]] = ("Issue", str(one["number"]))
        return {
            "__typename": "Issue",
            "rest": one,
            "id": one["node_id"],
            "number": one["number"],
            "title": one["title"],
            "body": one["body"] or "",
            "state": one["state"].upper(),
            "createdAt": one["created_at"],
            "updatedAt": one["updated_at"],
            "author": _actor(one["user"]),
        }

    def issue(self, _: Any, info: Info, *, number: int) -> Any:
        found = self.get(info, f"issues/{number}")
        if "pull_request" in found:
            raise NotFound(f"an Issue with the number of {number}")
        return self._issue(found)

    def issues(self, _: Any, info: Info, **given: Any) -> Any:
        """Labels are alternatives here, which REST does not know."""
        states = [state.lower() for state in given.get("states") or ("open", "closed")]
        wanted = {name.casefold() for name in given.get("labels") or ()}
        rows = [one for one in self.every(info, "issues?state=all") if "pull_request" not in one and one["state"] in states]
        rows = [one for one in rows if not wanted or wanted & {label["name"].casefold() for label in one["labels"]}]
        return _page([self._issue(one) for one in _ordered(rows, given)], given)

    def comments(self, issue: Any, info: Info, **given: Any) -> Any:
        found = []
        for one in self.every(info, f"issues/{issue['number']}/comments"):
            self.known[one["node_id"]] = ("IssueComment", str(one["id"]))
            edited = one["updated_at"] if one["updated_at"] != one["created_at"] else None
            shown = {"body": one["body"], "createdAt": one["created_at"], "lastEditedAt": edited, "author": _actor(one["user"])}
            found.append({"id": one["node_id"], **shown})
        return _page(found, given)

    def timeline(self, issue: Any, info: Info, **given: Any) -> Any:
        rows = [one for one in self.every(info, f"issues/{issue['number']}/events") if one["event"] in _EVENTS]
        return _page(
            [
                {
                    "__typename": _EVENTS[one["event"]],
                    "createdAt": one["created_at"],
                    "actor": _actor(one["actor"]),
                    "label": one.get("label"),
                }
                for one in rows
            ],
            given,
        )

    def pulls(self, _: Any, info: Info, **given: Any) -> Any:
        rows = list(self.every(info, "pulls?state=all"))
        if branch := given.get("headRefName"):
            rows = [one for one in rows if one["head"]["ref"] == branch]
        return _page([self._pull(info, one["number"]) for one in _ordered(rows, given)], given)

    def _pull(self, info: Info, number: int) -> Any:
        one = self.get(info, f"pulls/{number}")
        is_open, branch = one["state"] == "open", one["head"]["ref"]
        head = self.bridge.tip(branch) if is_open else one["head"]["sha"]
        clean = is_open and self.bridge.is_clean(self.bridge.tip(one["base"]["ref"]), head)
        return {
            "__typename": "PullRequest",
            "id": one["node_id"],
            "number": number,
            "title": one["title"],
            "body": one["body"] or "",
            "state": "MERGED" if one["merged"] else one["state"].upper(),
            "isCrossRepository": False,
            "headRefName": branch,
            "headRefOid": head,
            "baseRefName": one["base"]["ref"],
            "createdAt": one["created_at"],
            "updatedAt": one["updated_at"],
            "closedAt": one["closed_at"],
            "mergeable": "MERGEABLE" if clean else "CONFLICTING" if is_open else "UNKNOWN",
            "mergeStateStatus": "CLEAN" if clean else "UNKNOWN",
            "author": _actor(one["user"]),
        }

    def reviews(self, pull: Any, info: Info, **given: Any) -> Any:
        rows = self.every(info, f"pulls/{pull['number']}/reviews")
        kept = [
            {"id": one["node_id"], "state": one["state"], "body": one["body"] or "", "submittedAt": one["submitted_at"],
             "createdAt": one["submitted_at"], "author": _actor(one["user"]), "commit": {"oid": one["commit_id"]}}
            for one in rows
        ]  # fmt: skip
        return _page(kept, given)

    def commit(self, info: Info, sha: str) -> Any:
        runs = self.get(info, f"commits/{sha}/check-runs?per_page=100")["check_runs"]
        contexts = [
            {"__typename": "CheckRun", "name": one["name"], "status": one["status"].upper(), "detailsUrl": one["details_url"],
             "conclusion": (one["conclusion"] or "").upper() or None, "checkSuite": {"app": one.get("app")},
             **{key: one["output"][key] for key in ("title", "summary", "text")}}
            for one in runs
        ]  # fmt: skip
        return {"oid": sha, "statusCheckRollup": {"contexts": _page(contexts, {})} if contexts else None}

    def _path(self, node_id: str, kind: str) -> str:
        found = self.known.get(node_id)
        if found is None or found[0] != kind:
            raise NotFound(f"a node with the global id of '{node_id}'")
        return found[1]

    def add_comment(self, _: Any, info: Info, *, input: Any) -> Any:  # noqa: A002  (as the schema calls it)
        self.get(info, f"issues/{self._path(input['subjectId'], 'Issue')}/comments", "POST", {"body": input["body"]})
        return {"clientMutationId": None}

    def update_comment(self, _: Any, info: Info, *, input: Any) -> Any:  # noqa: A002
        self.get(info, f"issues/comments/{self._path(input['id'], 'IssueComment')}", "PATCH", {"body": input["body"]})
        return {"clientMutationId": None}

    def add_labels(self, _: Any, info: Info, *, input: Any) -> Any:  # noqa: A002
        names = [self._path(one, "Label") for one in input["labelIds"]]
        self.get(info, f"issues/{self._path(input['labelableId'], 'Issue')}/labels", "POST", {"labels": names})
        return {"clientMutationId": None}

    def remove_labels(self, _: Any, info: Info, *, input: Any) -> Any:  # noqa: A002
        place = f"issues/{self._path(input['labelableId'], 'Issue')}/labels"
        there = {one["name"] for one in self.get(info, place)}
        for name in (self._path(one, "Label") for one in input["labelIds"]):
            if name in there:
                self.get(info, f"{place}/{name}", "DELETE")
        return {"clientMutationId": None}


def _plain(source: Any, info: Info, **_: Any) -> Any:
    """What nobody told is null, and an error where the schema says that it never is."""
    return source.get(info.field_name) if isinstance(source, Mapping) else None


def _actor(user: Any) -> Any:
    """GraphQL leaves out the `[bot]` of an app's login."""
    is_bot = user["type"] == "Bot"
    return {"__typename": "Bot" if is_bot else "User", "login": user["login"].removesuffix("[bot]") if is_bot else user["login"]}


def _ordered(rows: list[Any], given: Mapping[str, Any]) -> list[Any]:
    order = given.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    column = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}[order["field"]]
    return sorted(rows, key=lambda one: (one[column], one["number"]), reverse=order["direction"] == "DESC")


def _page(items: list[Any], given: Mapping[str, Any]) -> Any:
    """Cursors are places; the bot only ever goes forward, or asks for the last ones."""
    start = int(given["after"]) if given.get("after") else 0
    end = start + given["first"] if given.get("first") is not None else len(items)
    if given.get("last") is not None:
        start = max(0, len(items) - given["last"])
    about = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "endCursor": str(min(end, len(items))),
        "startCursor": str(start),
    }
    return {"nodes": items[start:end], "totalCount": len(items), "pageInfo": about}
