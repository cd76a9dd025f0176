"""What `init` and `uninstall` would do in one repository, as steps in the order in which they are safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from github import GithubException

from bot.core.errors.user_errors import UserError
from bot.entry.config import Config
from bot.entry.github_hosts import INSTEAD, WHY_NOT, actions_can_work
from bot.entry.setup import boards, bot_refs, files, labels, onboarding, proposing, protection, removal_pull, settings, toolchains
from bot.entry.setup.finding import Finding
from bot.entry.setup.source import Source
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target, said
from bot.entry.texts import load_workflow


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The answers. `board` None: one is made where the owner is an organization, since apps cannot see people's boards."""

    agents: int | None = None
    board: bool | None = None
    protect: bool = False
    force: bool = False
    source: Source | None = None
    plain_secrets: bool = False
    """Secrets of the repository in place of environments'."""
    folder: Path | None = None
    """Where the two files are put together for the onboarding pull request; None: they are written into the checkout."""
    examine: Callable[[Config], Sequence[Finding]] = lambda _: ()
    """What comes of preparing the environment and running the gates here, for the onboarding pull request to tell."""
    given: Mapping[str, str]
    """Values for variables and secrets by their names; empty ones count as not given."""


@dataclass(frozen=True, kw_only=True)
class Todo:
    steps: tuple[Step, ...]
    memory: Memory


def init_steps(target: Target, wishes: Wishes) -> Todo:
    """Raises `GithubException`."""
    memory = settings.recall(target)
    where = wishes.folder or target.checkout
    board = _board(target, wishes, memory, where)
    to_come = board.number is None and any(step.state is State.TO_DO for step in board.steps)
    reviewer = wishes.given.get("GROUNDSKEEPER_REVIEWER_APP_ID") or settings.variables(target).get("GROUNDSKEEPER_REVIEWER_APP_ID", "")
    steps = (
        _noted(target, memory),
        labels.label_step(target),
        *board.steps,
        *settings.setting_steps(target, wishes.given, plain=wishes.plain_secrets),
        _seen("branch protection", lambda: protection.protection_step(target, wanted=wishes.protect, reviewer=reviewer)),
        *_file_steps(target, wishes, where, board=board.number, to_come=to_come),
    )
    return Todo(steps=steps, memory=memory)


def _file_steps(target: Target, wishes: Wishes, where: Path, *, board: int | None, to_come: bool) -> tuple[Step, ...]:
    schema = files.schema_place(where, wishes.source)
    config = files.config_step(where, schema=schema, agents=wishes.agents, board=board, board_to_come=to_come, force=wishes.force)
    workflow = (
        files.workflow_step(where, shipped=load_workflow(), source=wishes.source, force=wishes.force)
        if actions_can_work(target.web)
        else Step(what=files.WORKFLOW_PATH, why=f"not written: {WHY_NOT}. {INSTEAD}", state=State.YOURS)
    )
    own = toolchains.toolchains_steps(target.checkout, where)
    if wishes.folder is None:
        return (config, workflow, *own)
    written = tuple(replace(step, why=step.why.replace("; commit and push it", "")) for step in (config, workflow, *own))
    to_write = any(step.state is State.TO_DO for step in written)
    proposed = partial(
        onboarding.onboarding_step, target, where, to_write=to_write, missing=partial(missing, target), examine=wishes.examine
    )
    return (*written, _seen("onboarding pull request", proposed))


def missing(target: Target) -> tuple[str, ...]:
    """What the bot could not work without, as things stand. Raises `GithubException`."""
    return settings.missing_credentials(settings.variables(target), settings.secret_names(target))


def _board(target: Target, wishes: Wishes, memory: Memory, where: Path) -> boards.Todo:
    if wishes.board is False or (wishes.board is None and not target.of_organization):
        why = (
            "not asked for"
            if target.of_organization
            else "apps cannot see a person's boards, so none is made; --board makes one all the same"
        )
        return boards.Todo(steps=(Step(what="board", why=why, state=State.DONE),))
    try:
        return boards.todo(target, noted=memory.board, configured=_configured(where))
    except GithubException as error:
        why = f"{said(error)}, so it goes on without a board. {boards.WITHOUT}"
        return boards.Todo(steps=(Step(what="board", why=why, state=State.YOURS),))


def _configured(where: Path) -> int | None:
    try:
        config = files.configured(where)
    except UserError:
        return None
    return config.board if config is not None else None


def _noted(target: Target, memory: Memory) -> Step:
    """Before anything is made: a run that ends in the middle must not leave what `uninstall` does not know."""
    wanted = labels.missing_labels(target)
    noted = replace(memory, labels=tuple(sorted({*memory.labels, *wanted})))
    what = f"variable {settings.MEMORY}"
    if noted == memory:
        return Step(what=what, why="remembers what `init` made", state=State.DONE)
    why = "remembers what `init` makes, so that `uninstall` takes away that and nothing else"
    return Step(what=what, why=why, state=State.TO_DO, do=lambda _: noted)


def _seen(what: str, look: Callable[[], Step]) -> Step:
    """What may not be looked at is left to a person; the rest goes on."""
    try:
        return look()
    except GithubException as error:
        told = said(error)
        unborn = "Branch not found" in told
        why = "there is no branch yet: push a first commit" if unborn else f"it cannot be seen with this token: {told}"
        return Step(what=what, why=why, state=State.YOURS)


def uninstall_steps(target: Target, *, branches: bool, force: bool, source: Source | None, pull_request: bool = True) -> Todo:
    """First what lets the bot act, then what it would write again, last what it remembers itself by.

    With `pull_request`, files that are on the default branch are taken out there; the checkout's are as it has them then.

    Raises `GithubException`, and `UserError` while the bot is at work.
    """
    at_work = bot_refs.runs_at_work(target, files.WORKFLOW_PATH.rpartition("/")[2])
    if at_work and not force:
        raise UserError(
            f"The bot is at work and would write again what is taken away: {', '.join(at_work)}. Cancel it, or wait for its end."
        )
    memory = settings.still_true(target, settings.recall(target))
    schemas = tuple({files.schema_place(target.checkout, one) for one in (source, None)} | files.schemas_written(target.checkout))
    published = removal_pull.published_files(target) if pull_request else ()
    maybe = (
        *files.removal_steps(target.checkout, shipped=load_workflow(), schemas=schemas, force=force, but_not=published),
        *toolchains.removal_steps(target.checkout, but_not=published),
        *settings.removal_steps(target, memory),
        protection.removal_step(target, memory),
        bot_refs.state_step(target),
        proposing.withdrawal_step(target, onboarding.BRANCH),
        *removal_pull.steps(target, published),
        *bot_refs.branch_steps(target, all_of_them=branches),
        _board_removal(target, memory),
        labels.removal_step(target, memory.labels),
        settings.forget_step(target),
    )
    return Todo(steps=tuple(step for step in maybe if step is not None), memory=memory)


def _board_removal(target: Target, memory: Memory) -> Step | None:
    number = memory.board
    return None if number is None else _seen(f"board {number}", lambda: boards.removal_step(target, number))
