"""Secrets that only the default branch's jobs are given: sealed in environments of the repository's Actions.

Whoever may push can have a workflow of their branch read a repository's secret; an environment's is kept from it by a branch policy.
https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from github import GithubException
from github.PublicKey import encrypt

from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target, said

KEYS, AGENT = "groundskeeper", "groundskeeper-agent"
MODEL_KEY = "ANTHROPIC_API_KEY"
ENVIRONMENTS: Mapping[str, str] = {
    KEYS: "the apps' keys, for the jobs `plan` and `publish`",
    AGENT: "the model's key, for the job `agent`",
}
_NOT_TO_BE_HAD = (403, 404, 422)
"""How GitHub refuses them: private repositories have none on the Free plan, GitHub Enterprise Server before 3.1 has none at all."""


def environment_of(secret: str) -> str:
    return AGENT if secret == MODEL_KEY else KEYS


def names(target: Target) -> Mapping[str, frozenset[str]]:
    """The secrets of each environment of ours that is there. Raises `GithubException`."""
    found = {name: target.found(f"environments/{name}/secrets?per_page=100") for name in ENVIRONMENTS}
    return {name: frozenset(str(one["name"]) for one in listed["secrets"]) for name, listed in found.items() if listed is not None}


def admitted(target: Target, environment: str) -> tuple[str, ...] | None:
    """Patterns of branches whose jobs get the environment's secrets; None where every branch's do. Raises `GithubException`."""
    there = target.found(f"environments/{environment}")
    policy = (there or {}).get("deployment_branch_policy")
    if not policy:
        return None
    if policy["protected_branches"]:
        return ("every protected branch",)
    listed = target.rest("GET", f"environments/{environment}/deployment-branch-policies?per_page=100")["branch_policies"]
    return tuple(str(one["name"]) for one in listed)


def limited(target: Target, environment: str) -> bool:
    return admitted(target, environment) == (target.repo.default_branch,)


def environment_step(target: Target, environment: str) -> Step:
    """Its branch policy stands before anything is sealed in it."""
    branch, what = target.repo.default_branch, f"environment {environment}"
    if limited(target, environment):
        return Step(what=what, why=f"only jobs on {branch} get {ENVIRONMENTS[environment]}", state=State.DONE)
    why = f"keeps {ENVIRONMENTS[environment]}, and gives them to jobs on {branch} alone"
    return Step(what=what, why=why, state=State.TO_DO, do=partial(_make, target, environment))


def _make(target: Target, environment: str, memory: Memory) -> Memory:
    """Where GitHub gives this repository no environments, that is remembered, and secrets are plain ones."""
    policy = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    branch, policies = target.repo.default_branch, f"environments/{environment}/deployment-branch-policies"
    try:
        target.rest("PUT", f"environments/{environment}", policy)
    except GithubException as error:
        if error.status not in _NOT_TO_BE_HAD:
            raise
        return replace(memory, plain=said(error))
    there = {str(one["name"]): int(one["id"]) for one in target.rest("GET", f"{policies}?per_page=100")["branch_policies"]}
    for name, number in there.items():
        if name != branch:
            target.rest("DELETE", f"{policies}/{number}")
    if branch not in there:
        target.rest("POST", policies, {"name": branch, "type": "branch"})
    return replace(memory, plain=None)


def seal(target: Target, secret: str, value: str) -> None:
    """Encrypted on this machine for the environment's own key."""
    at = f"environments/{environment_of(secret)}/secrets"
    key = target.rest("GET", f"{at}/public-key")
    body = {"encrypted_value": encrypt(key["key"], value), "key_id": key["key_id"]}
    target.rest("PUT", f"{at}/{quote(secret)}", body)


def removal_steps(target: Target) -> tuple[Step, ...]:
    """The names are ours, so the whole environment goes, with what is sealed in it."""
    return tuple(
        Step(what=f"remove environment {name}", why="with the secrets in it", state=State.TO_DO, do=partial(_removed, target, name))
        for name in ENVIRONMENTS
        if target.found(f"environments/{name}") is not None
    )


def _removed(target: Target, environment: str, memory: Memory) -> Memory:
    target.rest("DELETE", f"environments/{environment}")
    return memory
