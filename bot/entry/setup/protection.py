"""The default branch's classic protection, and what the review's required check adds to it and is taken out of it again.

https://docs.github.com/rest/branches/branch-protection
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from github import GithubException

from bot.core.facts.policy import REVIEW_CHECK
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target, said

_WHY = "nobody's pull request goes into it without the reviewer's green check, the bot's own as little as a person's"


def _path(branch: str) -> str:
    return f"branches/{quote(branch, safe='')}/protection"


def rule(target: Target) -> Mapping[str, Any] | None:
    """The default branch's classic protection; None where it has none. Raises `GithubException`: only who administers sees it."""
    return _rule(target, target.repo.default_branch)


def _rule(target: Target, branch: str) -> Mapping[str, Any] | None:
    """To who may not see rules GitHub says 404 as well, in other words than to who sees that there is none."""
    try:
        found: Mapping[str, Any] = target.rest("GET", _path(branch))
    except GithubException as error:
        if error.status == 404 and "not protected" in said(error):
            return None
        raise
    return found


def required_checks(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    part = (found or {}).get("required_status_checks") or {}
    return tuple(str(check["context"]) for check in part.get("checks") or ())


def protection_step(target: Target, *, wanted: bool, reviewer: str = "") -> Step:
    """Only the reviewer's app may set the check, where `reviewer` is its id: else anybody who may write could."""
    branch = target.repo.default_branch
    what = f"required check {REVIEW_CHECK} on {branch}"
    found = rule(target)
    if REVIEW_CHECK in required_checks(found):
        return Step(what=what, why="is required", state=State.DONE)
    if not wanted:
        why = "not asked for; the bot keeps to its own review either way. With --protect GitHub holds everybody to it"
        return Step(what=what, why=why, state=State.YOURS)

    if found is not None and not found.get("required_status_checks"):
        why = "the branch is protected without required checks, and GitHub adds them only by writing the whole rule anew: add it by hand"
        return Step(what=what, why=why, state=State.YOURS)

    wanted_check = {"context": REVIEW_CHECK} | ({"app_id": int(reviewer)} if reviewer.isdigit() else {})

    def protect(memory: Memory) -> Memory:
        if found is None:
            parts: dict[str, Any] = {"required_status_checks": {"strict": False, "contexts": [], "checks": [wanted_check]}}
            target.rest(
                "PUT", _path(branch), parts | {"enforce_admins": False, "required_pull_request_reviews": None, "restrictions": None}
            )
        else:
            kept = [_kept(check) for check in found["required_status_checks"]["checks"]]
            target.rest("PATCH", f"{_path(branch)}/required_status_checks", {"checks": [*kept, wanted_check]})
        return replace(memory, required=branch, protected=found is None)

    return Step(what=what, why=_WHY, state=State.TO_DO, do=protect, optional=True, otherwise="Require it by hand in the branch's settings.")


def removal_step(target: Target, memory: Memory) -> Step | None:
    branch = memory.required
    if branch is None:
        return None
    found = _rule(target, branch)
    what = f"no longer require {REVIEW_CHECK} on {branch}"
    if REVIEW_CHECK not in required_checks(found):
        return Step(
            what=what, why="it is not required", state=State.DONE, do=lambda memory: replace(memory, required=None, protected=False)
        )
    others = [_kept(check) for check in found["required_status_checks"]["checks"] if check["context"] != REVIEW_CHECK] if found else []
    whole = memory.protected and not others and not (found or {}).get("required_pull_request_reviews")

    def undo(memory: Memory) -> Memory:
        if whole:
            target.rest("DELETE", _path(branch))
        else:
            target.rest("PATCH", f"{_path(branch)}/required_status_checks", {"checks": others})
        return replace(memory, required=None, protected=False)

    why = "the branch had no protection before, and nobody added to it" if whole else "the rest of the branch's protection stays"
    return Step(what=what, why=why, state=State.TO_DO, do=undo)


def _kept(check: Mapping[str, Any]) -> dict[str, Any]:
    """As it was: an app that must report the check is part of it."""
    return {"context": check["context"]} | ({"app_id": check["app_id"]} if check.get("app_id") is not None else {})
