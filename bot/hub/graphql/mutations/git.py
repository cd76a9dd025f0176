"""GraphQL mutations about refs and commits; `updateRefs` is the one that moves several refs or none."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.hub.changes import branch_rules, pushes
from bot.hub.graphql.commits import bare, commit, ref_source
from bot.hub.graphql.mutations.issues import expect
from bot.hub.graphql.mutations.pulls import allowed
from bot.hub.graphql.rest import mutation
from bot.hub.graphql.things import REPOSITORIES, Fields, Refused, Thing, one, unresolvable, visible_repository
from bot.hub.store import git, node_ids
from bot.hub.web.access import can_see
from bot.hub.web.context import current

Input = Mapping[str, Any]


def _writable(repo: Thing) -> Path:
    allowed(repo, "contents")
    pushes.notice(current().hub, repo.id, None)
    return bare(repo.id)


def _move(repo: Thing, updates: list[tuple[str, str, str | None]]) -> None:
    for name, new, _ in updates:
        if not name.startswith("refs/") or name.count("/") < 2 or name.startswith("refs/pull/"):
            raise Refused("UNPROCESSABLE", f"{name} is not a valid ref name.")
        if new != git.ZERO and git.kind_of(bare(repo.id), new) is None:
            raise Refused("UNPROCESSABLE", f"Object {new} does not exist in this repository.")
        _unguarded(repo, name, new)
    try:
        git.move(bare(repo.id), updates)
    except git.GitError as refused:
        raise Refused("UNPROCESSABLE", f"Reference update failed: {refused}") from None
    pushes.notice(current().hub, repo.id, current().actor.user_id)


def _unguarded(repo: Thing, name: str, new: str) -> None:
    now, old = current(), git.resolve(bare(repo.id), name, "")
    if refused := branch_rules.push_refusal(now.hub, now.db, repo.row, now.actor.user_id, name, old, new):
        raise Refused("UNPROCESSABLE", refused)


def update_refs(given: Input) -> dict[str, Any]:
    """All or none. A `beforeOid` of zeros says that the ref must not be there; of none at all, that it may be anything."""
    repo = expect(given["repositoryId"], "Repository")
    where = _writable(repo)
    updates: list[tuple[str, str, str | None]] = []
    for change in given["refUpdates"]:
        name, new, expected = change["name"], change["afterOid"], change.get("beforeOid")
        tip = git.resolve(where, name, "") if name.startswith("refs/") else None
        if expected is not None and expected != (tip or git.ZERO):
            raise Refused("STALE_DATA", f'Expected {name} to point to "{expected}" but it did not. Pull and try again.')
        if tip and new not in (tip, git.ZERO) and not change.get("force") and not git.is_ancestor(where, tip, new):
            raise Refused("UNPROCESSABLE", f"Update of {name} is not a fast forward")
        updates.append((name, new, expected))
    _move(repo, updates)
    return {}


def create_ref(given: Input) -> dict[str, Any]:
    repo = expect(given["repositoryId"], "Repository")
    where = _writable(repo)
    if git.resolve(where, given["name"], ""):
        raise Refused("UNPROCESSABLE", f'A ref named "{given["name"]}" already exists in the repository.')
    _move(repo, [(given["name"], given["oid"], git.ZERO)])
    shown = given["name"].startswith(("refs/heads/", "refs/tags/"))
    return {"ref": ref_source(repo.id, given["name"], given["oid"]) if shown else None}


def _ref(node_id: str) -> tuple[Thing, str]:
    try:
        kind, key = node_ids.decode(node_id)
    except node_ids.NotANodeId:
        raise unresolvable(node_id) from None
    repo_id, _, name = str(key).partition(":")
    repo = visible_repository(int(repo_id)) if kind == "Ref" and repo_id.isdigit() else None
    if repo is None:
        raise unresolvable(node_id)
    return repo, name


def update_ref(given: Input) -> dict[str, Any]:
    repo, name = _ref(given["refId"])
    where = _writable(repo)
    tip = git.resolve(where, name, "")
    if tip is None:
        raise unresolvable(given["refId"])
    if not given.get("force") and not git.is_ancestor(where, tip, given["oid"]):
        raise Refused("UNPROCESSABLE", "Update is not a fast forward")
    _move(repo, [(name, given["oid"], None)])
    return {"ref": ref_source(repo.id, name, given["oid"])}


def delete_ref(given: Input) -> dict[str, Any]:
    repo, name = _ref(given["refId"])
    _writable(repo)
    _move(repo, [(name, git.ZERO, None)])
    return {}


def _branch(branch: Mapping[str, Any]) -> tuple[Thing, str]:
    if branch.get("id"):
        return _ref(branch["id"])
    owner, _, name = (branch.get("repositoryNameWithOwner") or "").partition("/")
    row = one(f"{REPOSITORIES} where login = ? and repositories.name = ?", owner, name)
    if row is None or not can_see(row) or not branch.get("branchName"):
        raise Refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return Thing("Repository", row), f"refs/heads/{branch['branchName'].removeprefix('refs/heads/')}"


def create_commit(given: Input) -> dict[str, Any]:
    repo, name = _branch(given["branch"])
    where, expected = _writable(repo), given["expectedHeadOid"]
    if git.resolve(where, name) != expected:
        raise Refused("STALE_DATA", f'Expected branch to point to "{expected}" but it did not. Pull and try again.')
    now = current()
    who = git.Person(name=now.actor.login, email=f"{now.actor.user_id}+{now.actor.login}@users.noreply.github.com", date=now.hub.now())
    message = f"{given['message']['headline']}\n\n{given['message'].get('body') or ''}".strip()
    made = git.commit_tree(where, _tree(where, expected, given.get("fileChanges") or {}), (expected,), message, who, who)
    _move(repo, [(name, made, expected)])
    return {"commit": commit(repo.id, made), "ref": ref_source(repo.id, name, made)}


def _tree(where: Path, base: str, changes: Mapping[str, Any]) -> str:
    written = {added["path"]: base64.b64decode(added["contents"]) for added in changes.get("additions") or []}
    try:
        return git.changed_tree(where, base, written, [gone["path"] for gone in changes.get("deletions") or []])
    except git.GitError as refused:
        raise Refused("UNPROCESSABLE", str(refused)) from None


FIELDS: Fields = {
    "Mutation": {
        "createCommitOnBranch": mutation(create_commit),
        "createRef": mutation(create_ref),
        "deleteRef": mutation(delete_ref),
        "updateRef": mutation(update_ref),
        "updateRefs": mutation(update_refs),
    }
}
