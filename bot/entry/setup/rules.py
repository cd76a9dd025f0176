"""What the default branch asks of a merge, by classic protection and by rulesets together, and what in it would hold the bot up for ever.

https://docs.github.com/rest/repos/rules#get-rules-for-a-branch tells of rulesets alone, those of the organization among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.core.facts.policy import MergeMethod
from bot.entry.setup import protection
from bot.entry.setup.target import Target

_QUEUE = "query Queue($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { mergeQueue { id } } }"
_SWITCHES = {
    "signed": "required_signatures",
    "linear": "required_linear_history",
    "resolved": "required_conversation_resolution",
    "locked": "lock_branch",
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    checks: tuple[str, ...] = ()
    approvals: int = 0
    code_owners: bool = False
    signed: bool = False
    linear: bool = False
    resolved: bool = False
    """Whether every conversation must be resolved."""
    locked: bool = False
    methods: frozenset[str] | None = None
    """The merge methods that are allowed; None where nothing is said of them."""
    queue: bool = False
    """Whether there is a merge queue, which chooses the method itself."""


def of(target: Target) -> Rules:
    """Raises `GithubException`: classic protection is only for the eyes of who administers."""
    classic, listed = protection.rule(target), _listed(target)
    by_type = [(str(one["type"]), one.get("parameters") or {}) for one in listed]
    pulls = [given for kind, given in by_type if kind == "pull_request"]
    reviews: Mapping[str, Any] = (classic or {}).get("required_pull_request_reviews") or {}
    kinds = {kind for kind, _ in by_type}
    on = {name: bool(((classic or {}).get(part) or {}).get("enabled")) for name, part in _SWITCHES.items()}
    allowed = [frozenset(str(one) for one in given["allowed_merge_methods"]) for given in pulls if given.get("allowed_merge_methods")]
    return Rules(
        checks=tuple(dict.fromkeys([*protection.required_checks(classic), *_checks(by_type)])),
        approvals=max(int(one.get("required_approving_review_count") or 0) for one in (reviews, *pulls)),
        code_owners=bool(reviews.get("require_code_owner_reviews")) or any(given.get("require_code_owner_review") for given in pulls),
        signed=on["signed"] or "required_signatures" in kinds,
        linear=on["linear"] or "required_linear_history" in kinds,
        resolved=on["resolved"] or any(given.get("required_review_thread_resolution") for given in pulls),
        locked=on["locked"] or "update" in kinds,
        methods=frozenset.intersection(*allowed) if allowed else None,
        queue="merge_queue" in kinds or _has_queue(target),
    )


def _listed(target: Target) -> list[Mapping[str, Any]]:
    """GitHub Enterprise Server before 3.11 has no such route, and shows no rulesets."""
    return list(target.found(f"rules/branches/{quote(target.repo.default_branch, safe='')}?per_page=100") or ())


def _checks(by_type: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    required = [given for kind, given in by_type if kind == "required_status_checks"]
    return [str(check["context"]) for given in required for check in given.get("required_status_checks") or ()]


def _has_queue(target: Target) -> bool:
    """One that was switched on in classic protection is told of by GraphQL alone."""
    owner, name = target.repo.full_name.split("/")
    found = target.github.requester.graphql_query(_QUEUE, {"owner": owner, "name": name})[1]["data"]["repository"]
    return found["mergeQueue"] is not None


def obstacles(rules: Rules, method: MergeMethod) -> tuple[tuple[str, str], ...]:
    """What would keep the bot's merges waiting for ever, each with its remedy."""
    wrong = []
    if rules.approvals > 1:
        wrong.append((f"{rules.approvals} approvals are required, and the reviewer gives one", "Ask for one, or approve with it."))
    if rules.code_owners:
        wrong.append(("code owners must approve, and an app cannot be one", "Switch it off, or approve with it."))
    if rules.signed:
        wrong.append(("signed commits are required, and the bot's are not signed", "Switch it off."))
    if rules.resolved:
        found = "every conversation must be resolved, and nobody but you resolves those that the reviewer begins on lines"
        wrong.append((found, "Switch it off, or resolve them when a pull request is approved."))
    if rules.locked:
        wrong.append(("nobody may update the branch, so nothing can be merged", "Unlock it, or let the reviewer's app pass the ruleset."))
    if rules.queue:
        return tuple(wrong)
    if rules.linear and method is MergeMethod.MERGE:
        wrong.append(("a linear history is required", "Write `method: squash` below `merge:` in the configuration."))
    if rules.methods is not None and method.value not in rules.methods:
        other = ", ".join(sorted(rules.methods)) or "none"
        found = f"a ruleset does not allow to {method.value}"
        wrong.append((found, f"Allow it there, or write another `method:` below `merge:` in the configuration ({other})."))
    return tuple(wrong)
