"""What a webhook may say: "look at this repository now". A hint carries no truth, and what is no hint says why it is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.facts.policy import REVIEW_CHECK

OwnAccounts = frozenset[str | int]
"""Our own identities, exactly: logins in lower case, and account ids. Never a suffix: anybody may have an app."""

OWN_WORKFLOWS = ".github/workflows/groundskeeper"
"""Where the bot's own workflow files begin; that one of them ended is no news, and would start the next one for ever."""
_LATER = "the periodic look reads it"
_AGENT_BRANCH = re.compile(r"agent-\d+/.+")
_FULL_NAME = re.compile(r"[A-Za-z0-9_-]+/(?!\.{1,2}\Z)[A-Za-z0-9._-]+")

RELEVANT_ACTIONS: Mapping[str, frozenset[str] | None] = {
    "issues": frozenset({"opened", "edited", "labeled", "unlabeled", "closed", "reopened", "deleted", "transferred"}),
    "issue_comment": frozenset({"created", "edited"}),
    "pull_request": frozenset({"opened", "synchronize", "closed", "reopened"}),
    "pull_request_review": frozenset({"submitted", "edited", "dismissed"}),
    "pull_request_review_comment": frozenset({"created", "edited"}),
    "check_suite": frozenset({"completed"}),
    "check_run": frozenset({"completed"}),
    "workflow_run": frozenset({"completed"}),
    "merge_group": frozenset({"checks_requested", "destroyed"}),
    "sub_issues": frozenset({"sub_issue_added", "sub_issue_removed", "parent_issue_added", "parent_issue_removed"}),
    "issue_dependencies": frozenset({"blocked_by_added", "blocked_by_removed", "blocking_added", "blocking_removed"}),
    "installation": frozenset({"created", "unsuspend", "new_permissions_accepted"}),
    "installation_repositories": frozenset({"added"}),
    "push": None,
    "status": None,
    "repository_dispatch": None,
}
"""Event to the actions that can change what is to be done; None where the event has no fixed actions.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""
_OUTCOMES = frozenset({"check_suite", "check_run", "workflow_run", "merge_group"})
"""Their sender is whoever pushed or queued the commit, which is the bot itself for all its work; what they tell is still news."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """`repositories` as `owner/name`, never empty; `reason` for logs, made of GitHub's own words for events only."""

    repositories: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Ignored:
    reason: str


def hint_of(event: str, payload: Mapping[str, object], own: OwnAccounts) -> Hint | Ignored:
    """Takes whatever was sent: a payload that is not as GitHub describes it is ignored with the reason, never an exception."""
    if event not in RELEVANT_ACTIONS:
        return Ignored(reason=f"{event} changes nothing that the bot looks at" if event.isidentifier() else "no event that GitHub has")
    actions, action = RELEVANT_ACTIONS[event], payload.get("action")
    if actions is not None and not (isinstance(action, str) and action in actions):
        return Ignored(reason=f"this action of {event} changes nothing that the bot looks at")
    if event not in _OUTCOMES and _is_own(payload.get("sender"), own):
        return Ignored(reason="done by the bot itself")
    special = _SPECIAL.get(event)
    why_not = special(payload, own) if special is not None else None
    if why_not is not None:
        return Ignored(reason=why_not)
    repositories = _repositories(event, payload)
    if not repositories:
        return Ignored(reason="names no repository")
    return Hint(repositories=repositories, reason=f"{event} {action}" if actions is not None else event)


def _repositories(event: str, payload: Mapping[str, object]) -> tuple[str, ...]:
    if event == "installation":
        named = payload.get("repositories")
    elif event == "installation_repositories":
        named = payload.get("repositories_added")
    else:
        named = [payload.get("repository")]
    names = [_at(one, "full_name") for one in named] if isinstance(named, list) else []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and _FULL_NAME.fullmatch(name)))


def _at(value: object, *path: str) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_own(account: object, own: OwnAccounts) -> bool:
    login, number = _at(account, "login"), _at(account, "id")
    by_id = isinstance(number, int) and not isinstance(number, bool) and number in own
    return by_id or (isinstance(login, str) and login.lower() in own)


def _is_strangers(text: object) -> bool:
    """Nobody's rights are decided by this, only whether to look at once: anybody could else have the bot look without end, which costs
    runs of a workflow and keeps those that publish waiting. https://docs.github.com/graphql/reference/enums#commentauthorassociation
    """
    return _at(text, "author_association") in ("NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN")


def _issues(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    labels = _at(payload, "issue", "labels")
    names = [str(_at(one, "name")) for one in labels] if isinstance(labels, list) else []
    if payload.get("action") in ("labeled", "unlabeled") or any(name.casefold().startswith("agent:") for name in names):
        return None
    return "an issue of a stranger that nobody gave to the bot" if _is_strangers(payload.get("issue")) else None


def _issue_comment(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    if _at(payload, "comment", "user", "type") == "Bot" or _at(payload, "comment", "performed_via_github_app"):
        return "a comment of an app, which gives no orders"
    return f"a comment of a stranger; {_LATER}" if _is_strangers(payload.get("comment")) else None


def _pull_request(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    head = _at(payload, "pull_request", "head")
    fork = isinstance(head, Mapping) and _at(head, "repo", "full_name") != _at(payload, "repository", "full_name")
    return "a pull request from a fork" if fork else None


def _review(payload: Mapping[str, object], own: OwnAccounts) -> str | None:
    if payload.get("action") != "dismissed" and _is_strangers(payload.get("review")):
        return f"a review of a stranger; {_LATER}"
    return _pull_request(payload, own)


def _line_comment(payload: Mapping[str, object], own: OwnAccounts) -> str | None:
    return _issue_comment(payload, own) or _pull_request(payload, own)


def _push(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    ref, default = payload.get("ref"), _at(payload, "repository", "default_branch")
    if not isinstance(ref, str):
        return "a push that names no ref"
    branch = ref.removeprefix("refs/heads/")
    if branch == ref or not (branch == default or _AGENT_BRANCH.fullmatch(branch)):
        return "a push to a branch that is neither the default one nor an agent's"
    return None


def _elsewhere(payload: Mapping[str, object], branch: object) -> bool:
    """Checks on the default branch move no project, and the bot's own workflow runs there."""
    return isinstance(branch, str) and branch == _at(payload, "repository", "default_branch")


def _check_run(payload: Mapping[str, object], own: OwnAccounts) -> str | None:
    if _at(payload, "check_run", "name") == REVIEW_CHECK:
        return "the bot's own review check"
    return _check(payload, _at(payload, "check_run", "check_suite", "head_branch"), _at(payload, "check_run", "app", "slug"), own)


def _check_suite(payload: Mapping[str, object], own: OwnAccounts) -> str | None:
    return _check(payload, _at(payload, "check_suite", "head_branch"), _at(payload, "check_suite", "app", "slug"), own)


def _check(payload: Mapping[str, object], branch: object, app: object, own: OwnAccounts) -> str | None:
    if isinstance(app, str) and f"{app.lower()}[bot]" in own:
        return "a check of the bot itself"
    return "a check on the default branch" if _elsewhere(payload, branch) else None


def _workflow_run(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    path = _at(payload, "workflow_run", "path")
    if isinstance(path, str) and path.startswith(OWN_WORKFLOWS):
        return "a run of the bot's own workflow"
    return "a run on the default branch" if _elsewhere(payload, _at(payload, "workflow_run", "head_branch")) else None


def _status(payload: Mapping[str, object], _: OwnAccounts) -> str | None:
    if payload.get("context") == REVIEW_CHECK:
        return "the bot's own review check"
    if payload.get("state") == "pending":
        return "a status that is still pending"
    branches = payload.get("branches")
    if isinstance(branches, list) and branches and all(_elsewhere(payload, _at(one, "name")) for one in branches):
        return "a status on the default branch"
    return None


_SPECIAL: Mapping[str, Callable[[Mapping[str, object], OwnAccounts], str | None]] = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _line_comment,
    "push": _push,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "workflow_run": _workflow_run,
    "status": _status,
}
