"""Merging pull requests: guarded by the head that was seen, refused in GitHub's words, done by real git.

https://docs.github.com/rest/pulls/pulls#merge-a-pull-request
"""

import sqlite3
from pathlib import Path

from bot.hub.changes import branch_rules, closing, pulls, pushes
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, protections, repositories
from bot.hub.store.hub import Hub
from bot.hub.web.answers import Problem

MOVED = "Head branch was modified. Review and try the merge again."
BASE_MOVED = "Base branch was modified. Review and try the merge again."


def merge_pull(
    hub: Hub,
    repo: sqlite3.Row,
    pull: sqlite3.Row,
    *,
    actor_id: int,
    head: str | None = None,
    method: str = "merge",
    title: str | None = None,
    message: str | None = None,
) -> str:
    """The commit that the base now points at."""
    if method not in ("merge", "squash", "rebase"):
        raise Problem(422, f"Invalid request.\n\n{method} is not a member of merge, squash, rebase.")
    if not repo[{"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}[method]]:
        raise Problem(405, f"{method.capitalize()} merges are not allowed on this repository.")
    if head is not None and head != pull["head_sha"]:
        raise Problem(409, MOVED)
    if pull["state"] != "open" or pull["draft"]:
        raise Problem(405, "Pull Request is not mergeable")
    with hub.write() as db:
        if protections.queue_only(db, repo["id"], pull["base_ref"]):
            raise Problem(405, branch_rules.BY_QUEUE)
        if missing := branch_rules.lacks_for_merge(hub, db, repo, pull, actor_id, method):
            raise Problem(405, "\n".join(missing))
        where = repositories.bare(hub, db, repo["id"])
        base = git.resolve(where, f"refs/heads/{pull['base_ref']}")
        assert base is not None
        result = made(hub, db, where, pull, base, actor_id, method, title, message)
        land(hub, db, repo, pull, base=base, result=result, actor_id=actor_id)
    return result


def land(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, *, base: str, result: str, actor_id: int) -> None:
    """Moves the base to what was made of it, and does all that follows; inside a write."""
    where = repositories.bare(hub, db, repo["id"])
    try:
        git.move(where, [(f"refs/heads/{pull['base_ref']}", result, base)])
    except git.GitError:
        raise Problem(405, BASE_MOVED) from None
    pulls.mark_merged(hub, db, pull, result, actor_id)
    if pull["base_ref"] == repo["default_branch"]:
        closing.close_named(hub, db, repo, pull["body"] or "", actor_id, result)
    if repo["delete_branch_on_merge"] and pull["fork_owner_id"] is None:
        git.move(where, [(f"refs/heads/{pull['head_ref']}", git.ZERO, pull["head_sha"])])
    pushes.look(hub, db, repo["id"], actor_id)


def made(
    hub: Hub,
    db: sqlite3.Connection,
    where: Path,
    pull: sqlite3.Row,
    base: str,
    actor_id: int,
    method: str,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """The commit that merging would put on `base`, in no branch yet."""
    by = commit_shapes.person(hub, db, actor_id)
    merged = git.merge_trees(where, base, pull["head_sha"])
    if merged.conflicts:
        raise Problem(405, "Pull Request is not mergeable")
    owner = repository_shapes.full_name(repositories.repository_of(db, pull["repo_id"])).partition("/")[0]
    if method == "merge":
        first = title or f"Merge pull request #{pull['number']} from {owner}/{pull['head_ref']}"
        text = f"{first}\n\n{message if message is not None else pull['title']}\n"
        return git.commit_tree(where, merged.tree, (base, pull["head_sha"]), text, by, by)
    commits = git.log(where, f"{base}..{pull['head_sha']}", oldest_first=True)
    if method == "squash":
        first = title or f"{pull['title']} (#{pull['number']})"
        text = f"{first}\n\n{message if message is not None else _told(commits)}\n"
        return git.commit_tree(where, merged.tree, (base,), text, commits[-1].author if commits else by, by)
    result = git.replay(where, commits, base, by)
    if result is None:
        raise Problem(405, "This branch can't be rebased")
    return result


def _told(commits: list[git.Commit]) -> str:
    return "\n\n".join(f"* {commit.message}" for commit in commits)
