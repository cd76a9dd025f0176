"""Actions variables and secrets of the repository, and the one variable in which `init` remembers what it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from github import UnknownObjectException

from bot.core.errors.user_errors import UserError
from bot.entry.setup import environment_secrets
from bot.entry.setup.step import Memory, State, Step, remembered
from bot.entry.setup.target import Target

MEMORY = "GROUNDSKEEPER_SETUP"
VARIABLES = ("GROUNDSKEEPER_WORKER_APP_ID", "GROUNDSKEEPER_REVIEWER_APP_ID")
SECRETS = (
    "ANTHROPIC_API_KEY",
    "GROUNDSKEEPER_WORKER_PRIVATE_KEY",
    "GROUNDSKEEPER_WORKER_PREVIOUS_KEY",
    "GROUNDSKEEPER_REVIEWER_PRIVATE_KEY",
    "GROUNDSKEEPER_WORKER_TOKEN",
    "GROUNDSKEEPER_REVIEWER_TOKEN",
)
BOARD_TOKEN = "GROUNDSKEEPER_BOARD_TOKEN"  # noqa: S105
"""Sealed only where the owner is a person, whose boards no app can write; an organization's board needs it to be made, and never again."""


def variables(target: Target) -> Mapping[str, str]:
    """Raises `GithubException`, and `UserError` where a repository that is there has none to be seen."""
    with _seen(target, "variables"):
        return {one.name: one.value for one in target.repo.get_variables()}


def plain_secrets(target: Target) -> frozenset[str]:
    """Those of the repository itself, which every branch's workflow can read. Raises as `variables` does."""
    with _seen(target, "secrets"):
        return frozenset(one.name for one in target.repo.get_secrets())


@contextmanager
def _seen(target: Target, what: str) -> Iterator[None]:
    try:
        yield
    except UnknownObjectException:
        raise UserError(
            f"{target.repo.full_name} on {target.api_url} is there, but its Actions {what} are not: GitHub says 404 to GET actions/{what}. "
            f"Give GH_TOKEN a token that may see them (classic: `repo`; fine-grained: `{what.capitalize()}: write`); on a server of your "
            "own, look whether GitHub Actions is switched on there."
        ) from None


def secret_names(target: Target) -> frozenset[str]:
    """All that the workflow's jobs are given, wherever it is sealed."""
    return plain_secrets(target).union(*environment_secrets.names(target).values())


def recall(target: Target) -> Memory:
    return remembered(variables(target).get(MEMORY))


def keep(target: Target, memory: Memory) -> None:
    """Nothing is left of the variable once there is nothing to remember."""
    if memory == Memory():
        _drop_variable(target, MEMORY)
    else:
        _put_variable(target, MEMORY, memory.text())


def missing_credentials(there: Mapping[str, str], sealed: frozenset[str]) -> tuple[str, ...]:
    """What jobs would still lack, in a person's words."""
    lacking = []
    if "ANTHROPIC_API_KEY" not in sealed:
        lacking.append("ANTHROPIC_API_KEY, which pays for the model")
    for role in ("WORKER", "REVIEWER"):
        by_app = f"GROUNDSKEEPER_{role}_APP_ID" in there and f"GROUNDSKEEPER_{role}_PRIVATE_KEY" in sealed
        if not by_app and f"GROUNDSKEEPER_{role}_TOKEN" not in sealed:
            lacking.append(
                f"the {role.lower()}: GROUNDSKEEPER_{role}_APP_ID and GROUNDSKEEPER_{role}_PRIVATE_KEY (or GROUNDSKEEPER_{role}_TOKEN)"
            )
    return tuple(lacking)


def setting_steps(target: Target, given: Mapping[str, str], *, plain: bool = False) -> tuple[Step, ...]:
    """One step for each value that is given. A secret cannot be compared with what is there, so it is set each time that it is given.

    `plain`: secrets of the repository are asked for, in place of environments'.
    """
    there, bare = variables(target), plain_secrets(target)
    sealed = bare.union(*environment_secrets.names(target).values())
    steps = []
    for name in VARIABLES:
        value = given.get(name)
        if value and there.get(name) == value:
            steps.append(Step(what=f"variable {name}", why="as given", state=State.DONE))
        elif value:
            steps.append(
                Step(what=f"variable {name}", why=f"set to {value}", state=State.TO_DO, do=partial(_set_variable, target, name, value))
            )
    if not plain:
        needed = dict.fromkeys(environment_secrets.environment_of(name) for name in secrets_wanted(target) if given.get(name))
        steps += [environment_secrets.environment_step(target, name) for name in needed]
    for name in secrets_wanted(target):
        if value := given.get(name):
            where = "as a secret of the whole repository" if plain else f"in the environment {environment_secrets.environment_of(name)}"
            why = f"as given, sealed {where} before it leaves this machine" + (" (replaces the one there)" if name in sealed else "")
            do = partial(_set_plain if plain else _set_secret, target, name, value, name in bare)
            steps.append(Step(what=f"secret {name}", why=why, state=State.TO_DO, do=do))
        elif name in bare and name.startswith("GROUNDSKEEPER_") and not plain:
            why = "is set, and every branch's workflow can read it: give it once more to have it limited to the default branch"
            steps.append(Step(what=f"secret {name}", why=why, state=State.DONE))
        elif name in sealed:
            steps.append(Step(what=f"secret {name}", why="is set", state=State.DONE))
    at_end_there = {**there, **{name: value for name, value in given.items() if name in VARIABLES and value}}
    at_end_sealed = sealed | {name for name in secrets_wanted(target) if given.get(name)}
    for lacking in missing_credentials(at_end_there, frozenset(at_end_sealed)):
        why = "put it into the environment of this command and run it again, or set it in the repository's Actions settings"
        steps.append(Step(what=f"still missing: {lacking}", why=why, state=State.YOURS))
    return tuple(steps)


def secrets_wanted(target: Target) -> tuple[str, ...]:
    return SECRETS if target.of_organization else (*SECRETS, BOARD_TOKEN)


def _set_variable(target: Target, name: str, value: str, memory: Memory) -> Memory:
    made = _put_variable(target, name, value)
    return replace(memory, variables=tuple(sorted({*memory.variables, name}))) if made else memory


def _put_variable(target: Target, name: str, value: str) -> bool:
    """Whether it is new."""
    try:
        target.repo.get_variable(name).edit(value)
    except UnknownObjectException:
        target.repo.create_variable(name, value)
        return True
    return False


def _set_plain(target: Target, name: str, value: str, was_there: bool, memory: Memory) -> Memory:
    target.repo.create_secret(name, value)
    return memory if was_there else replace(memory, secrets=tuple(sorted({*memory.secrets, name})))


def _set_secret(target: Target, name: str, value: str, was_there: bool, memory: Memory) -> Memory:
    """One of ours that lay open to every branch goes once it is sealed in its environment."""
    environment = environment_secrets.environment_of(name)
    if not environment_secrets.limited(target, environment):
        if memory.plain is not None:
            return _set_plain(target, name, value, was_there, memory)
        branch = target.repo.default_branch
        raise UserError(f"the environment {environment} is not limited to {branch} yet, so nothing is sealed in it; run this again")
    environment_secrets.seal(target, name, value)
    ours = name in memory.secrets or name.startswith("GROUNDSKEEPER_")
    return _without_secret(target, name, memory) if was_there and ours else memory


def removal_steps(target: Target, memory: Memory) -> tuple[Step, ...]:
    """Whatever carries our name, and what `init` made beside: a key that was there before belongs to somebody else."""
    ours = sorted({*memory.variables, *VARIABLES} & set(variables(target)))
    gone = list(environment_secrets.removal_steps(target))
    gone += [Step(what=f"remove variable {name}", why="", state=State.TO_DO, do=partial(_without_variable, target, name)) for name in ours]
    for name in sorted(plain_secrets(target)):
        if name in memory.secrets or (name in SECRETS and name.startswith("GROUNDSKEEPER_")):
            gone.append(Step(what=f"remove secret {name}", why="", state=State.TO_DO, do=partial(_without_secret, target, name)))
        elif name in SECRETS:
            gone.append(Step(what=f"secret {name}", why="it was there before `init`, so it stays", state=State.YOURS))
    return tuple(gone)


def still_true(target: Target, memory: Memory) -> Memory:
    """Without what somebody else took away meanwhile."""
    there, sealed = variables(target), plain_secrets(target)
    kept = tuple(name for name in memory.variables if name in there)
    secrets = tuple(name for name in memory.secrets if name in sealed)
    return replace(memory, variables=kept, secrets=secrets, plain=None, uninstalled=())


def forget_step(target: Target) -> Step | None:
    """The last one: the note goes once nothing that it tells of is left."""
    if MEMORY not in variables(target):
        return None

    def forget(memory: Memory) -> Memory:
        keep(target, memory)
        return memory

    return Step(what=f"remove variable {MEMORY}", why="unless something of it is left", state=State.TO_DO, do=forget)


def _without_variable(target: Target, name: str, memory: Memory) -> Memory:
    _drop_variable(target, name)
    return replace(memory, variables=tuple(one for one in memory.variables if one != name))


def _drop_variable(target: Target, name: str) -> None:
    with suppress(UnknownObjectException):
        target.rest("DELETE", f"actions/variables/{name}")  # the library's own call keeps quiet where it fails


def _without_secret(target: Target, name: str, memory: Memory) -> Memory:
    with suppress(UnknownObjectException):
        target.rest("DELETE", f"actions/secrets/{name}")
    return replace(memory, secrets=tuple(one for one in memory.secrets if one != name))
