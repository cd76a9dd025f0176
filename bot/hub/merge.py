"""Merging pull requests: guarded by the head that was seen, refused in GitHub's words, done by real git.

https://docs.github.com/rest/pulls/pulls#merge-a-pull-request
"""

import sqlite3
from pathlib import Path

from flask import Blueprint, Response

from bot.hub import git, protections, pull_events, pull_rows, pulls, pushes, shapes, shapes_git
from bot.hub.hub import Hub
from bot.hub.web import Problem, answered, current, field, json_body, not_found, nothing, require, signed_in

routes = Blueprint("merge", __name__)
MOVED = "Head branch was modified. Review and try the merge again."
BASE_MOVED = "Base branch was modified. Review and try the merge again."


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/merge")
def is_merged(owner: str, name: str, number: int) -> Response:
    _, pull = pulls.found(owner, name, number)
    if not pull["merged_at"]:
        raise not_found()
    return nothing()


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/merge")
def merge(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "contents", "write")
    body, now = json_body(), current()
    sha = merge_pull(
        now.hub,
        repo,
        pull,
        actor_id=signed_in().user_id,
        head=field(body, "sha", str),
        method=field(body, "merge_method", str) or "merge",
        title=field(body, "commit_title", str),
        message=field(body, "commit_message", str),
    )
    return answered({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


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
            raise Problem(405, protections.BY_QUEUE)
        if missing := protections.lacks_for_merge(hub, db, repo, pull, actor_id, method):
            raise Problem(405, "\n".join(missing))
        where = pull_rows.bare(hub, db, repo["id"])
        base = git.resolve(where, f"refs/heads/{pull['base_ref']}")
        assert base is not None
        result = made(hub, db, where, pull, base, actor_id, method, title, message)
        land(hub, db, repo, pull, base=base, result=result, actor_id=actor_id)
    return result


def land(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, *, base: str, result: str, actor_id: int) -> None:
    """Moves the base to what was made of it, and does all that follows; inside a write."""
    where = pull_rows.bare(hub, db, repo["id"])
    try:
        git.move(where, [(f"refs/heads/{pull['base_ref']}", result, base)])
    except git.GitError:
        raise Problem(405, BASE_MOVED) from None
    pull_events.mark_merged(hub, db, pull, result, actor_id)
    if pull["base_ref"] == repo["default_branch"]:
        pushes.close_named(hub, db, repo, pull["body"] or "", actor_id, result)
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
    by = shapes_git.person(hub, db, actor_id)
    merged = git.merge_trees(where, base, pull["head_sha"])
    if merged.conflicts:
        raise Problem(405, "Pull Request is not mergeable")
    owner = shapes.full_name(pull_rows.repository_of(db, pull["repo_id"])).partition("/")[0]
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
