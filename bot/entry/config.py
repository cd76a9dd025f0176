"""`.github/groundskeeper.yml`: what may be written there, with its defaults, and errors that name line, key and remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.environment.configured import Wishes
from bot.core.environment.facts import Service
from bot.core.errors.user_errors import UserError
from bot.core.facts.policy import Ideation, MergeMethod, Policy, ProposalQueue
from bot.core.money.ledger import Caps
from bot.core.money.pricing import usd
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.run import GateCommand, Grant
from bot.entry import config_errors

PATH = ".github/groundskeeper.yml"
Dollars = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


Host = Annotated[str, Field(pattern=config_errors.HOST)]
Folder = Annotated[str, Field(pattern=config_errors.FOLDER)]
Variable = Annotated[str, Field(pattern=config_errors.VARIABLE)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Part):
    daily: Dollars = Field(default=10, description="Hard cap over all agents and roles together, in dollars per UTC day.")
    monthly: Dollars = Field(default=100, description="The same per UTC month.")
    run: Dollars = Field(default=2, description="What one segment of execution may spend at most; reserved before it starts.")
    review: Dollars = Field(default=1, description="What one review may spend at most.")
    ideation: Dollars = Field(default=1, description="What one search for an improvement, or its validation, may spend at most.")


class Models(_Part):
    execution: str = Field(default="claude-sonnet-5-5", description="Model that does the work. Only models with a known price are used.")
    review: str = Field(default="claude-sonnet-5-5", description="Model that reviews.")
    ideation: str = Field(default="claude-sonnet-5-5", description="Model that looks for improvements.")


class Limits(_Part):
    cycles: int = Field(default=3, ge=1, le=10, description="Rounds of execution and review before a person decides.")
    steps: int = Field(default=100, ge=1, le=1000, description="Steps of one segment.")
    minutes: int = Field(default=30, ge=1, le=300, description="Minutes of one segment.")
    hours: float = Field(default=8, gt=0, le=72, allow_inf_nan=False, description="Working hours a project may take in all.")


class Gates(_Part):
    setup: str | None = Field(default=None, description="Command that prepares a checkout without network, such as a build.")
    lint: str | None = Field(default=None, description="Command that checks style.")
    test: str | None = Field(default=None, description="Command that runs the tests.")
    build: str | None = Field(default=None, description="Command that builds.")


class ServicePart(_Part):
    name: str = Field(pattern=config_errors.SERVICE, description="What it is called in messages.")
    command: str = Field(min_length=1, description="Command that stays in the foreground while it serves, on 127.0.0.1.")
    ready: str = Field(min_length=1, description="Command that exits with 0 once it can be used.")
    seconds: int = Field(default=30, ge=1, le=600, description="How long it may take to get ready.")


class EnvironmentPart(_Part):
    setup: list[str] | None = Field(default=None, description="Commands that install what is needed, with network. Left out: detected.")
    network: list[Host] | None = Field(
        default=None,
        description="What setup may reach beside what is detected: `pypi`, `npm`, `crates`, `go`, `rubygems`, `maven`, `debian`, a host.",
    )
    files: list[str] | None = Field(
        default=None, description="Files after whose change setup runs again. Left out: lockfiles and manifests."
    )
    services: list[ServicePart] | None = Field(default=None, description="Servers that run beside agents' commands and gates.")
    path: list[str] | None = Field(default=None, description="Folders of programs that come first, such as `.venv/bin`.")
    variables: dict[Variable, str] | None = Field(default=None, description="Environment variables for setup and work. Never secrets.")
    writable: list[Folder] | None = Field(
        default=None, description="Folders beside checkout and home that setup fills, such as `/opt/data`."
    )


class IdeationPart(_Part):
    enabled: bool = Field(default=True, description="Whether an empty queue makes the bot propose improvements.")
    queue: ProposalQueue = Field(
        default=ProposalQueue.PERSON, description="`person`: proposals wait for `agent:ready`; `validated`: valid ones are queued at once."
    )
    most_open: int = Field(default=3, ge=0, le=50, description="Open proposals at which no further one is made.")
    pause_minutes: int = Field(default=30, ge=0, le=10_000, description="Rest after an attempt that brought nothing.")
    categories: list[str] | None = Field(default=None, description="Names of the enabled categories; all 21 where it is left out.")


class MergePart(_Part):
    enabled: bool = Field(default=True, description="Whether the bot merges what is approved and green.")
    method: MergeMethod = Field(default=MergeMethod.SQUASH, description="`merge`, `squash` or `rebase`.")
    up_to_date: bool = Field(
        default=True, description="Whether the default branch is merged in, and everything checked on the result, before merging."
    )
    checks_patience_minutes: int = Field(
        default=30, ge=1, le=1440, description="Minutes to wait for a first check before a person is asked."
    )


class Config(_Part):
    """All that a repository may say about how the bot works in it; every part may be left out."""

    agents: int = Field(default=1, ge=1, le=10, description="Agents that work in parallel, one project each.")
    checks: list[str] = Field(
        default_factory=list, description="Checks that must succeed before merging. Empty: at least one must report, and all succeed."
    )
    check_apps: dict[str, str] = Field(
        default_factory=dict,
        description="Which app must report a check, by its slug, as in `unit tests: github-actions`; nobody else can.",
    )
    budget: Budget = Field(default=Budget(), description="What may be spent, in dollars. A run that could go above a cap is not started.")
    models: Models = Field(default=Models(), description="Which model does what.")
    limits: Limits = Field(default=Limits(), description="How long and how often the bot tries.")
    environment: EnvironmentPart = Field(default=EnvironmentPart(), description="What has to be installed before anything can be tested.")
    gates: Gates | None = Field(default=None, description="Commands that must pass before anything is published. Left out: detected.")
    ideation: IdeationPart = Field(default=IdeationPart(), description="Looking for improvements when the queue is empty.")
    merge: MergePart = Field(default=MergePart(), description="When and how approved pull requests are merged.")
    keep_apart: bool = Field(default=True, description="Whether work that will probably touch the same files waits for each other.")
    sandbox: Literal["bubblewrap", "none"] = Field(
        default="bubblewrap",
        description="`none` lets agents' commands run unprotected, where the machine's owner set GROUNDSKEEPER_UNPROTECTED=1 too.",
    )
    board: int | None = Field(default=None, ge=1, description="Number of the organization's project board to show work on.")


def parse(text: str, *, where: str = PATH) -> Config:
    """Raises `UserError` naming file, line, key, what was expected and the nearest right key."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        if wrong := list(config_errors.structural(where, document)):
            raise UserError("\n".join(wrong))
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(config_errors.not_yaml(where, text, error)) from None
    except RecursionError:
        raise UserError(f"{where}: blocks stand in blocks deeper than anything known here. Mend it or remove the file.") from None
    if data is None:
        return Config()
    if not isinstance(data, dict):
        raise UserError(f"{where}, line 1: expected keys like `agents: 2`, found {type(data).__name__}.")
    try:
        # Through JSON, where strict means what the schema says: no number in quotes, and names of enums as text.
        return Config.model_validate_json(_as_json(data), strict=True)
    except ValidationError as error:
        raise UserError(
            "\n".join(config_errors.sentence(where, document, one, Config) for one in error.errors(include_url=False))
        ) from None


def _as_json(data: object) -> bytes:
    """YAML knows keys and characters that JSON does not; whatever they become, they are no known key and no known value."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key if isinstance(key, str) else yaml.safe_dump(key).split("\n")[0]: plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return json.dumps(plain(data), default=str, ensure_ascii=False).encode("utf-8", "replace")


def policy_of(config: Config, *, categories: Sequence[Category], worker: str, reviewer: str | None, model: str | None = None) -> Policy:
    """Raises `UserError` for a category that does not exist. `model` overrides all three models."""
    chosen = config.ideation.categories
    known = {category.name: category for category in categories}
    for name in chosen or []:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}."
            raise UserError(f"{PATH}: `ideation.categories`: `{name}` is no category; {hint}")
    time, steps, budget = timedelta(minutes=config.limits.minutes), config.limits.steps, config.budget
    models = config.models
    return Policy(
        agents=config.agents,
        cycles=config.limits.cycles,
        caps=Caps(daily=usd(budget.daily), monthly=usd(budget.monthly)),
        grants={
            Role.EXECUTION: Grant(money=usd(budget.run), steps=steps, time=time),
            Role.REVIEW: Grant(money=usd(budget.review), steps=steps, time=min(time, timedelta(hours=2))),
            Role.IDEATION: Grant(money=usd(budget.ideation), steps=steps, time=time),
            Role.VALIDATION: Grant(money=usd(budget.ideation), steps=steps, time=time),
        },
        models={
            Role.EXECUTION: model or models.execution,
            Role.REVIEW: model or models.review,
            Role.IDEATION: model or models.ideation,
            Role.VALIDATION: model or models.review,
        },
        project_limit=timedelta(hours=config.limits.hours),
        checks=tuple(config.checks),
        check_apps=tuple(sorted(config.check_apps.items())),
        checks_patience=timedelta(minutes=config.merge.checks_patience_minutes),
        merge=config.merge.enabled,
        merge_method=config.merge.method,
        up_to_date=config.merge.up_to_date,
        keep_apart=config.keep_apart,
        gates=gates_of(config),
        ideation=Ideation(
            enabled=config.ideation.enabled,
            queue=config.ideation.queue,
            most_open=config.ideation.most_open,
            pause=timedelta(minutes=config.ideation.pause_minutes),
        ),
        categories=tuple(categories) if chosen is None else tuple(known[name] for name in chosen),
        worker=worker,
        reviewer=reviewer,
    )


def wishes_of(config: Config) -> Wishes:
    told = config.environment

    def listed(values: list[str] | None) -> tuple[str, ...] | None:
        return None if values is None else tuple(values)

    services = None if told.services is None else tuple(_service(one) for one in told.services)
    return Wishes(
        setup=listed(told.setup),
        network=listed(told.network),
        files=listed(told.files),
        services=services,
        path=listed(told.path),
        variables=told.variables,
        writable=listed(told.writable),
    )


def _service(told: ServicePart) -> Service:
    return Service(name=told.name, command=told.command, ready=told.ready, timeout=timedelta(seconds=told.seconds))


def gates_of(config: Config) -> tuple[GateCommand, ...] | None:
    """None where they are to be detected."""
    gates = config.gates
    if gates is None:
        return None
    named = (("setup", gates.setup), ("lint", gates.lint), ("test", gates.test), ("build", gates.build))
    return tuple(GateCommand(gate=name, command=command) for name, command in named if command)
