"""GraphQL: commits, refs, trees and blobs, as git has them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import g

from bot.hub.graphql.repositories import order_of
from bot.hub.graphql.things import (
    PULLS,
    Fields,
    Info,
    Thing,
    connection,
    constant,
    many,
    one,
    query_connection,
    repository_of,
    root,
    unresolvable,
)
from bot.hub.store import diffs, git, node_ids, repositories
from bot.hub.web.context import current

Source = Mapping[str, Any]


def bare(repo_id: int) -> Path:
    now = current()
    return repositories.bare(now.hub, now.db, repo_id)


def commit(repo_id: int, sha: str) -> dict[str, Any]:
    """A commit by its name alone: what git knows of it is read only when a field asks."""
    return {"__typename": "Commit", "repo_id": repo_id, "oid": sha}


def read(source: Source) -> git.Commit:
    known: dict[str, git.Commit] = g.setdefault("commits", {})
    if source["oid"] not in known:
        found = git.commit(bare(source["repo_id"]), source["oid"])
        if found is None:
            raise unresolvable(node_id(source))
        known[source["oid"]] = found
    return known[source["oid"]]


def node_id(source: Source) -> str:
    return node_ids.encode(source["__typename"], f"{source['repo_id']}:{source['oid']}")


def object_by_oid(repo_id: int, oid: str) -> dict[str, Any] | None:
    kind = git.kind_of(bare(repo_id), oid)
    return {"__typename": kind.capitalize(), "repo_id": repo_id, "oid": oid} if kind else None


def git_object(repo: Thing, _info: Info, *, oid: str | None = None, expression: str | None = None) -> dict[str, Any] | None:
    found = git.resolve(bare(repo.id), oid or expression or "", "")
    return object_by_oid(repo.id, found) if found else None


def refs_of(repo_id: int, prefix: str) -> dict[str, str]:
    # GraphQL knows branches and tags only; every other namespace is as if it were empty.
    if not prefix.startswith(("refs/heads", "refs/tags")):
        return {}
    return git.refs(bare(repo_id), prefix.rstrip("/"))


def ref_source(repo_id: int, name: str, sha: str) -> dict[str, Any]:
    kind, _, short = name.removeprefix("refs/").partition("/")
    return {
        "__typename": "Ref",
        "id": node_ids.encode("Ref", f"{repo_id}:{name}"),
        "repo_id": repo_id,
        "name": short,
        "prefix": f"refs/{kind}/",
        "oid": sha,
    }


def ref(repo: Thing, _info: Info, *, qualifiedName: str) -> dict[str, Any] | None:  # noqa: N803 - GitHub's name
    places = [qualifiedName] if qualifiedName.startswith("refs/") else [f"refs/heads/{qualifiedName}", f"refs/tags/{qualifiedName}"]
    for name in places:
        found = name.startswith(("refs/heads/", "refs/tags/")) and git.resolve(bare(repo.id), name, "")
        if found:
            return ref_source(repo.id, name, found)
    return None


def refs(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    asked = arguments.get("query") or ""
    found = [ref_source(repo.id, name, sha) for name, sha in sorted(refs_of(repo.id, arguments["refPrefix"]).items()) if asked in name]
    return connection(found[::-1] if arguments.get("direction") == "DESC" else found, arguments)


def default_branch(repo: Thing, info: Info) -> dict[str, Any] | None:
    return ref(repo, info, qualifiedName=f"refs/heads/{repo['default_branch']}")


def ref_target(source: Source, _info: Info) -> dict[str, Any] | None:
    return object_by_oid(source["repo_id"], source["oid"]) if source["prefix"] == "refs/tags/" else commit(source["repo_id"], source["oid"])


def pulls_of_ref(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql = f"{PULLS} where repo_id = ? and head_ref = ? and fork_owner_id is null"
    return query_connection(
        "PullRequest", sql, [source["repo_id"], source["name"]], order_of(arguments.get("orderBy"), "issues"), arguments
    )


def pulls_of_commit(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql = f"{PULLS} where repo_id = ? and ? in (head_sha, merge_commit_sha)"
    return query_connection("PullRequest", sql, [source["repo_id"], source["oid"]], "issues.number", arguments)


def protection(source: Source, _info: Info) -> dict[str, Any] | None:
    row = one("select rowid, * from protections where repo_id = ? and branch = ?", source["repo_id"], source["name"])
    if row is None or source["prefix"] != "refs/heads/":
        return None
    checks = [check["context"] for check in json.loads(row["required_checks"])]
    return {
        "id": node_ids.encode("BranchProtectionRule", row["rowid"]),
        "databaseId": row["rowid"],
        "pattern": row["branch"],
        "requiredApprovingReviewCount": row["required_approvals"],
        "requiresApprovingReviews": row["required_approvals"] > 0,
        "requiredStatusCheckContexts": checks,
        "requiresStatusChecks": bool(checks),
        "dismissesStaleReviews": bool(row["dismiss_stale"]),
        "requiresStrictStatusChecks": bool(row["strict"]),
    }


def path(source: Source, info: Info) -> str:
    repo = repository_of(source["repo_id"])
    kind = "tree" if info.field_name.startswith("tree") else "commit"
    where = f"/{repo['owner']}/{repo['name']}/{kind}/{source['oid']}"
    return where if info.field_name.lower().endswith("path") else f"{root()}{where}"


def git_actor(person: git.Person) -> dict[str, Any]:
    row = one("select * from users where email = ?", person.email)
    if row is None:
        login = person.email.partition("@")[0].partition("+")[2] or person.email.partition("@")[0]
        row = one("select * from users where login = ?", login) if person.email.endswith("@users.noreply.github.com") else None
    return {
        "name": person.name,
        "email": person.email,
        "date": person.date,
        "user": Thing("User", row) if row else None,
        "avatarUrl": f"{root()}/avatars/u/{row['id'] if row else 0}",
    }


def parents(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    return connection([commit(source["repo_id"], sha) for sha in read(source).parents], arguments)


def history(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    found = git.log(bare(source["repo_id"]), source["oid"], paths=(arguments["path"],) if arguments.get("path") else ())
    g.setdefault("commits", {}).update({one.sha: one for one in found})
    return connection([commit(source["repo_id"], one.sha) for one in found], arguments)


def totals(source: Source) -> diffs.Totals:
    where, found = bare(source["repo_id"]), read(source)
    return diffs.totals(where, found.parents[0] if found.parents else diffs.empty_tree(where), found.sha)


def suites(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    app = (arguments.get("filterBy") or {}).get("appId")
    rows = many("select * from check_suites where repo_id = ? and head_sha = ? order by id", source["repo_id"], source["oid"])
    return connection([Thing("CheckSuite", row) for row in rows if app in (None, row["app_id"])], arguments)


def tree_entries(source: Source, _info: Info) -> list[dict[str, Any]]:
    listed = git.git(bare(source["repo_id"]), "ls-tree", "-lz", source["oid"]).decode("utf-8", "replace")
    entries: list[dict[str, Any]] = []
    for entry in filter(None, listed.split("\0")):
        about, name = entry.split("\t", 1)
        mode, kind, oid, size = about.split()
        shown: dict[str, Any] = {"mode": int(mode, 8), "type": kind, "oid": oid, "name": name, "path": name}
        entries.append(shown | {"size": int(size) if size != "-" else 0, "extension": Path(name).suffix, "repo_id": source["repo_id"]})
    return entries


def blob(source: Source) -> bytes:
    return git.read(bare(source["repo_id"]), "blob", source["oid"])


def is_binary(data: bytes) -> bool:
    return b"\0" in data[:8000]


def text(source: Source, _info: Info) -> str | None:
    data = blob(source)
    return None if is_binary(data) else data.decode("utf-8", "replace")


def repository(source: Source, _info: Info) -> Thing:
    return repository_of(source["repo_id"])


def tagged(source: Source, _info: Info) -> dict[str, Any] | None:
    found = git.resolve(bare(source["repo_id"]), source["oid"], "commit")
    return commit(source["repo_id"], found) if found else None


OBJECT = {
    "abbreviatedOid": lambda source, _info: source["oid"][:7], "commitResourcePath": path, "commitUrl": path,
    "id": lambda source, _info: node_id(source), "repository": repository,
}  # fmt: skip

FIELDS: Fields = {
    "Repository": {"object": git_object, "ref": ref, "refs": refs, "defaultBranchRef": default_branch},
    "Ref": {"associatedPullRequests": pulls_of_ref, "branchProtectionRule": protection, "repository": repository, "target": ref_target},
    "Commit": OBJECT | {
        "additions": lambda source, _info: totals(source).additions, "deletions": lambda source, _info: totals(source).deletions,
        "changedFilesIfAvailable": lambda source, _info: totals(source).files,
        "associatedPullRequests": pulls_of_commit,
        "author": lambda source, _info: git_actor(read(source).author), "committer": lambda source, _info: git_actor(read(source).committer),
        "authors": lambda source, _info, **page: connection([git_actor(read(source).author)], page),
        "authoredByCommitter": lambda source, _info: read(source).author.email == read(source).committer.email,
        "authoredDate": lambda source, _info: read(source).author.date, "committedDate": lambda source, _info: read(source).committer.date,
        "checkSuites": suites, "history": history, "parents": parents,
        "message": lambda source, _info: read(source).message,
        "messageHeadline": lambda source, _info: read(source).message.partition("\n")[0],
        "messageBody": lambda source, _info: read(source).message.partition("\n")[2].strip("\n"),
        **dict.fromkeys(("resourcePath", "treeResourcePath", "treeUrl", "url"), path),
        "tree": lambda source, _info: {"__typename": "Tree", "repo_id": source["repo_id"], "oid": read(source).tree},
    },
    "Tree": OBJECT | {"entries": tree_entries},
    "TreeEntry": {"object": lambda entry, _info: object_by_oid(entry["repo_id"], entry["oid"])},
    "Blob": OBJECT | {
        "byteSize": lambda source, _info: len(blob(source)), "isBinary": lambda source, _info: is_binary(blob(source)), "isTruncated":
        constant(False), "text": text,
    },
    "Tag": OBJECT | {"message": constant(None), "name": lambda source, _info: source["oid"], "tagger": constant(None), "target": tagged},
}  # fmt: skip
