"""Bringing a pull request's branch up to its base.

https://docs.github.com/rest/pulls/pulls#update-a-pull-request-branch
"""

import sqlite3

from bot.hub.changes import branch_rules, pushes
from bot.hub.shapes import commits as commit_shapes
from bot.hub.store import git, pull_rows, repositories
from bot.hub.web.answers import Problem
from bot.hub.web.context import current


def bring_up(pull: sqlite3.Row, expected: str | None, *, rebase: bool = False) -> None:
    """Takes the base into the head branch, by a merge or by a rebase, if the head is still the one that was expected."""
    now = current()
    where = repositories.bare(now.hub, now.db, pull["repo_id"])
    if expected not in (None, pull["head_sha"]):
        raise Problem(422, "expected head sha didn't match current head ref.")
    base, who = pull_rows.base_tip(now.hub, now.db, pull), commit_shapes.person(now.hub, now.db, now.actor.user_id)
    if git.is_ancestor(where, base, pull["head_sha"]):
        raise Problem(422, "There are no new commits on the base branch.")
    if rebase:
        tip = git.replay(where, git.log(where, f"{base}..{pull['head_sha']}", oldest_first=True), base, who)
    else:
        merged = git.merge_trees(where, pull["head_sha"], base)
        words = f"Merge branch '{pull['base_ref']}' into {pull['head_ref']}"
        tip = None if merged.conflicts else git.commit_tree(where, merged.tree, (pull["head_sha"], base), words, who, who)
    if tip is None:
        raise Problem(422, "merge conflict between base and head")
    ref, repo = f"refs/heads/{pull['head_ref']}", repositories.repository_of(now.db, pull["repo_id"])
    if refused := branch_rules.push_refusal(now.hub, now.db, repo, now.actor.user_id, ref, pull["head_sha"], tip):
        raise Problem(422, refused)
    git.move(where, [(ref, tip, pull["head_sha"])])
    pushes.notice(now.hub, pull["repo_id"], now.actor.user_id)
