"""A branch of the setup's own and its pull request, made through GitHub alone, so that the checkout stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from github import GithubException

from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target


def open_pull_request(target: Target, branch: str) -> Mapping[str, Any] | None:
    listed = target.rest("GET", f"pulls?state=open&head={quote(target.owner)}:{quote(branch, safe='')}")
    return next(iter(listed), None)


def propose(target: Target, branch: str, files: Mapping[str, str | None], *, message: str, title: str, body: str) -> None:
    """On top of the default branch, in place of whatever `branch` had: it is ours alone. None takes a file away."""
    _commit(target, branch, files, message)
    there = open_pull_request(target, branch)
    if there is not None:
        target.rest("PATCH", f"pulls/{there['number']}", {"title": title, "body": body})
        return
    target.rest("POST", "pulls", {"title": title, "body": body, "head": branch, "base": target.repo.default_branch})


def _commit(target: Target, branch: str, files: Mapping[str, str | None], message: str) -> None:
    base = target.rest("GET", f"git/ref/heads/{quote(target.repo.default_branch)}")["object"]["sha"]
    entries = [
        {"path": path, "mode": "100644", "type": "blob", **({"sha": None} if text is None else {"content": text})}
        for path, text in files.items()
    ]
    parent = target.rest("GET", f"git/commits/{base}")
    tree = target.rest("POST", "git/trees", {"base_tree": parent["tree"]["sha"], "tree": entries})["sha"]
    commit = target.rest("POST", "git/commits", {"message": message, "tree": tree, "parents": [base]})["sha"]
    if target.found(f"git/ref/heads/{branch}") is None:
        target.rest("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    else:
        target.rest("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": True})


def withdrawal_step(target: Target, branch: str) -> Step | None:
    """The branch goes, and its pull request is closed, if that is open."""
    if target.found(f"git/ref/heads/{branch}") is None:
        return None

    def withdraw(memory: Memory) -> Memory:
        there = open_pull_request(target, branch)
        if there is not None:
            target.rest("PATCH", f"pulls/{there['number']}", {"state": "closed"})
        try:
            target.rest("DELETE", f"git/refs/heads/{branch}")
        except GithubException as error:
            if error.status != 422:  # "Reference does not exist": somebody was faster
                raise
        return memory

    return Step(what=f"remove branch {branch}", why="and close its pull request, if that is open", state=State.TO_DO, do=withdraw)
