"""A branch of the setup's own and its pull request, made through GitHub alone, so that the checkout stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from github import GithubException

from bot.entry.setup.place import Place
from bot.entry.setup.step import Memory, State, Step


def open_pull_request(place: Place, branch: str) -> Mapping[str, Any] | None:
    listed = place.rest("GET", f"pulls?state=open&head={quote(place.owner)}:{quote(branch, safe='')}")
    return next(iter(listed), None)


def propose(place: Place, branch: str, files: Mapping[str, str | None], *, message: str, title: str, body: str) -> None:
    """On top of the default branch, in place of whatever `branch` had: it is ours alone. None takes a file away."""
    _commit(place, branch, files, message)
    there = open_pull_request(place, branch)
    if there is not None:
        place.rest("PATCH", f"pulls/{there['number']}", {"title": title, "body": body})
        return
    place.rest("POST", "pulls", {"title": title, "body": body, "head": branch, "base": place.repo.default_branch})


def _commit(place: Place, branch: str, files: Mapping[str, str | None], message: str) -> None:
    base = place.rest("GET", f"git/ref/heads/{quote(place.repo.default_branch)}")["object"]["sha"]
    entries = [
        {"path": path, "mode": "100644", "type": "blob", **({"sha": None} if text is None else {"content": text})}
        for path, text in files.items()
    ]
    parent = place.rest("GET", f"git/commits/{base}")
    tree = place.rest("POST", "git/trees", {"base_tree": parent["tree"]["sha"], "tree": entries})["sha"]
    commit = place.rest("POST", "git/commits", {"message": message, "tree": tree, "parents": [base]})["sha"]
    if place.found(f"git/ref/heads/{branch}") is None:
        place.rest("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
    else:
        place.rest("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": True})


def withdrawal_step(place: Place, branch: str) -> Step | None:
    """The branch goes, and its pull request is closed, if that is open."""
    if place.found(f"git/ref/heads/{branch}") is None:
        return None

    def withdraw(memory: Memory) -> Memory:
        there = open_pull_request(place, branch)
        if there is not None:
            place.rest("PATCH", f"pulls/{there['number']}", {"state": "closed"})
        try:
            place.rest("DELETE", f"git/refs/heads/{branch}")
        except GithubException as error:
            if error.status != 422:  # "Reference does not exist": somebody was faster
                raise
        return memory

    return Step(what=f"remove branch {branch}", why="and close its pull request, if that is open", state=State.TO_DO, do=withdraw)
