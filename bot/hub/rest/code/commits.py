"""Commits of a repository, one by one, in a row, and between two points.

https://docs.github.com/rest/commits/commits
"""

from flask import Blueprint, Response, request

from bot.hub.rest.code.refs import at
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import diffs, git
from bot.hub.web.answers import Problem, answered, not_found
from bot.hub.web.media import Form, form, text_as
from bot.hub.web.paging import paged

routes = Blueprint("commits", __name__)
_LONGEST = 250
_NOT_HERE = ("/comments", "/branches-where-head")
"""What GitHub tells below a commit, and this hub does not: no part of a ref's name."""


@routes.get("/repos/<owner>/<name>/commits")
def listed(owner: str, name: str) -> Response:
    repo, where = at(owner, name)
    start = request.args.get("sha") or f"refs/heads/{repo['default_branch']}"
    sha = git.resolve(where, start)
    if sha is None:
        raise Problem(409, "Git Repository is empty.")
    return answered([commit_shapes.commit(repo, found) for found in paged(git.log(where, sha, limit=500))])


@routes.get("/repos/<owner>/<name>/commits/<path:ref>")
def one(owner: str, name: str, ref: str) -> Response:
    """By its name, or by a branch's or tag's; the `Accept` header may ask for the diff or for the bare name."""
    repo, where = at(owner, name)
    if ref.endswith(_NOT_HERE):
        raise not_found()
    sha = git.resolve(where, ref)
    found = git.commit(where, sha) if sha else None
    if found is None:
        raise Problem(422, f"No commit found for SHA: {ref}")
    start = found.parents[0] if found.parents else diffs.empty_tree(where)
    match form():
        case Form.SHA:
            return text_as(Form.SHA, found.sha)
        case Form.DIFF:
            return text_as(Form.DIFF, diffs.diff_text(where, start, found.sha))
        case Form.PATCH:
            return text_as(Form.PATCH, diffs.patch_text(where, start if found.parents else None, found.sha))
        case _:
            pass
    changed = diffs.changed_files(where, start, found.sha)
    added, removed = sum(file.additions for file in changed), sum(file.deletions for file in changed)
    stats = {"total": added + removed, "additions": added, "deletions": removed}
    return answered(commit_shapes.commit(repo, found) | {"stats": stats, "files": commit_shapes.files(repo, paged(changed), found.sha)})


@routes.get("/repos/<owner>/<name>/compare/<path:basehead>")
def compare(owner: str, name: str, basehead: str) -> Response:
    """What the head has since it left the base: the files are those of the three-dot diff."""
    repo, where = at(owner, name)
    ends = [git.resolve(where, end.removeprefix(f"{owner}:")) for end in basehead.split("...")]
    base, head = (git.commit(where, end) if end else None for end in ends) if len(ends) == 2 else (None, None)
    if base is None or head is None:
        raise not_found()
    shared = git.merge_base(where, base.sha, head.sha)
    middle = git.commit(where, shared) if shared else None
    if middle is None:
        raise Problem(404, f"No common ancestor between {base.sha} and {head.sha}.")
    match form():
        case Form.DIFF:
            return text_as(Form.DIFF, diffs.diff_text(where, middle.sha, head.sha))
        case Form.PATCH:
            return text_as(Form.PATCH, diffs.patch_text(where, middle.sha, head.sha))
        case _:
            pass
    behind, ahead = (int(number) for number in git.line(where, "rev-list", "--left-right", "--count", f"{base.sha}...{head.sha}").split())
    commits = git.log(where, f"{base.sha}..{head.sha}", limit=_LONGEST, oldest_first=True)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    path = f"{repository_shapes.full_name(repo)}/compare"
    page = f"{links.web()}/{path}/{basehead}"
    return answered(
        {
            "url": f"{links.root()}/repos/{path}/{basehead}",
            "html_url": page,
            "permalink_url": f"{links.web()}/{path}/{owner}:{base.sha[:7]}...{owner}:{head.sha[:7]}",
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": commit_shapes.commit(repo, base),
            "merge_base_commit": commit_shapes.commit(repo, middle),
            "status": status,
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [commit_shapes.commit(repo, found) for found in (paged(commits) if "per_page" in request.args else commits)],
            "files": commit_shapes.files(repo, diffs.changed_files(where, middle.sha, head.sha), head.sha),
        }
    )
