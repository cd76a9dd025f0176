"""`init` on the command line: what it would do, one question, the apps in the browser, and the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from bot.entry.setup.command_line import SOURCE, agreed, at, can_ask, carry_out_steps, do_steps, end, opened, show, source_of

if TYPE_CHECKING:
    from bot.entry.config import Config
    from bot.entry.setup.apps import AppRole
    from bot.entry.setup.finding import Finding
    from bot.entry.setup.installing import Wishes
    from bot.entry.setup.step import Failure, Step
    from bot.entry.setup.target import Target

_A_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(short_help="Set the bot up in a repository.")
@at
@SOURCE
@click.option("--agents", type=click.IntRange(1, 10), help="Agents that work at once. [default: 1]")
@click.option("--board/--no-board", default=None, help="Make a project board. Left out: only for an organization.")
@click.option(
    "--protect/--no-protect", default=False, show_default=True, help="Let GitHub require `groundskeeper/review` of every pull request."
)
@click.option(
    "--pull-request/--no-pull-request",
    default=True,
    show_default=True,
    help="Open one pull request with the two files; or write them into the checkout.",
)
@click.option(
    "--browser/--no-browser", default=None, help="Make the apps in the browser. Left out: where there is one, and somebody types."
)
@click.option("--plain-secrets", is_flag=True, help="Seal keys as the repository's secrets, which every branch's workflow can read.")
@click.option("--worker-app", type=click.IntRange(1), metavar="ID", help="The worker app's id, where you made it by hand.")
@click.option("--worker-key", type=_A_FILE, help="File with its private key.")
@click.option("--reviewer-app", type=click.IntRange(1), metavar="ID", help="The reviewer app's id, where you made it by hand.")
@click.option("--reviewer-key", type=_A_FILE, help="File with its private key.")
@click.option("--try/--no-try", "tried", default=True, show_default=True, help="Prepare the environment here and run the gates in it.")
@click.option("--force", is_flag=True, help="Write the two files anew, even where you changed them.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and change nothing.")
def init(
    checkout: Path,
    repository: str | None,
    api_url: str,
    source: str | None,
    agents: int | None,
    board: bool | None,
    protect: bool,
    pull_request: bool,
    browser: bool | None,
    plain_secrets: bool,
    worker_app: int | None,
    worker_key: Path | None,
    reviewer_app: int | None,
    reviewer_key: Path | None,
    tried: bool,
    force: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Set the bot up in a repository: two apps, their keys, labels, a board, and one pull request that switches it on.

    GH_TOKEN is a token of somebody who administers the repository; left out, GitHub's own `gh` is asked for yours. Secrets are taken
    from the environment: ANTHROPIC_API_KEY, and, where you made the apps by hand, GROUNDSKEEPER_WORKER_PRIVATE_KEY (or …_TOKEN) and
    GROUNDSKEEPER_REVIEWER_PRIVATE_KEY (or …_TOKEN). Doing it twice changes nothing more.
    """
    from bot.entry.setup.installing import Wishes, init_steps
    from bot.entry.setup.making_apps import browser_at_hand

    asking = not yes and not dry_run and can_ask()
    by_hand = {"WORKER": (worker_app, worker_key), "REVIEWER": (reviewer_app, reviewer_key)}
    with opened(checkout, repository, api_url) as target, _folder(target, pull_request) as folder:
        wishes = Wishes(
            agents=agents,
            board=board,
            protect=protect,
            force=force,
            source=source_of(source),
            plain_secrets=plain_secrets,
            folder=folder,
            examine=partial(_examined, target) if tried else _not_examined,
            given=_given(by_hand),
        )
        roles = _unmade(target, wishes)
        in_browser = bool(roles) and (browser_at_hand() if browser is None else browser)
        todo = init_steps(target, wishes)
        show((*(_app_step(target, role) for role in roles if in_browser), *_without_apps(todo.steps, in_browser)))
        _say_defaults(target, wishes)
        failures: tuple[Failure, ...] = ()
        if not in_browser:
            failures = carry_out_steps(target, todo.steps, todo.memory, yes=yes, dry_run=dry_run)
        elif agreed(yes=yes, dry_run=dry_run):
            wishes = _with_model_key(target, wishes) if asking else wishes
            failures = _made(target, wishes, roles)
            todo = init_steps(target, wishes)
            failures += do_steps(target, todo.steps, todo.memory)
        if not in_browser:
            _explain(target, roles)
        _say_uninstalled(target)
        if not dry_run:
            if tried and not pull_request:
                _examined(target, _config(wishes, target))
            _what_now(target, pull_request=pull_request)
    end(failures)


@contextmanager
def _folder(target: Target, pull_request: bool) -> Iterator[Path | None]:
    from bot.entry.setup import onboarding

    if not pull_request:
        yield None
        return
    with TemporaryDirectory(prefix="groundskeeper-init-") as made:
        yield onboarding.staged(target, Path(made))


def _given(by_hand: Mapping[str, tuple[int | None, Path | None]]) -> Mapping[str, str]:
    """Values by the names of variables and secrets; an option comes before the environment."""
    from bot.entry.app_keys import app_id, private_key
    from bot.entry.setup import files, settings

    given = {name: os.environ.get(name, "") for name in (*settings.VARIABLES, *settings.SECRETS, settings.BOARD_TOKEN)}
    for role, (app, key) in by_hand.items():
        by_id, by_key = f"GROUNDSKEEPER_{role}_APP_ID", f"GROUNDSKEEPER_{role}_PRIVATE_KEY"
        given |= {by_id: str(app or app_id(by_id, given[by_id]))} if app or given[by_id] else {}
        text = files.read(key) if key else given[by_key]
        given |= {by_key: private_key(f"--{role.lower()}-key {key}" if key else by_key, text)} if text else {}
    return given


def _unmade(target: Target, wishes: Wishes) -> tuple[AppRole, ...]:
    """Roles that neither an app nor a user fills yet; an app that is there and lacks its key cannot be made a second time."""
    from bot.entry.setup import settings
    from bot.entry.setup.apps import AppRole

    there = {**settings.variables(target), **{name: value for name, value in wishes.given.items() if value}}
    sealed = settings.secret_names(target) | {name for name, value in wishes.given.items() if value}
    prefixes = {role: f"GROUNDSKEEPER_{role.name}" for role in AppRole}
    return tuple(role for role, name in prefixes.items() if f"{name}_APP_ID" not in there and f"{name}_TOKEN" not in sealed)


def _app_step(target: Target, role: AppRole) -> Step:
    from bot.entry.setup.apps import app_name
    from bot.entry.setup.step import State, Step

    why = "you make and install it on GitHub's pages, which open in your browser; its key is sealed at once and never shown"
    return Step(what=f"the {role.value} app {app_name(role, target.owner)}", why=why, state=State.TO_DO)


def _without_apps(steps: tuple[Step, ...], in_browser: bool) -> tuple[Step, ...]:
    """What the apps will bring is not missing."""
    return tuple(step for step in steps if not (in_browser and step.what.startswith("still missing: the ")))


def _examined(target: Target, config: Config) -> Sequence[Finding]:
    """What comes of it is shown and decides nothing: the configuration may be what has to be mended."""
    from bot.entry.setup import doctor, doctor_environment
    from bot.entry.terminal import say_all

    say_all(["", "Preparing the environment here as an agent's is, and running the gates in it:"])
    findings = []
    for finding in doctor_environment.examined(target.checkout, target.repo.full_name, config):
        say_all("\n".join(doctor.as_lines(finding)).splitlines())
        findings.append(finding)
    return findings


def _not_examined(_: Config) -> Sequence[Finding]:
    return ()


def _config(wishes: Wishes, target: Target) -> Config:
    """As far as it can be read."""
    from bot.core.errors.user_errors import UserError
    from bot.entry.config import Config
    from bot.entry.setup import files

    try:
        return files.configured(wishes.folder or target.checkout) or Config()
    except UserError:
        return Config()


def _say_defaults(target: Target, wishes: Wishes) -> None:
    from bot.entry.setup.onboarding_text import defaults
    from bot.entry.terminal import say_all

    config = _config(wishes, target)
    told = defaults(config.model_copy(update={"agents": wishes.agents or config.agents}))
    say_all(["What holds unless you say otherwise:", *(f"   {line}" for line in told)])


def _with_model_key(target: Target, wishes: Wishes) -> Wishes:
    from bot.entry.setup import settings
    from bot.entry.setup.environment_secrets import MODEL_KEY

    if wishes.given.get(MODEL_KEY) or MODEL_KEY in settings.secret_names(target):
        return wishes
    key = click.prompt(f"The model's key ({MODEL_KEY}; Enter leaves it out)", hide_input=True, default="", show_default=False)
    return replace(wishes, given={**wishes.given, MODEL_KEY: key.strip()})


def _made(target: Target, wishes: Wishes, roles: tuple[AppRole, ...]) -> tuple[Failure, ...]:
    """Each key is sealed as soon as it is there, since GitHub gives it once only."""
    from bot.core.errors.user_errors import UserError
    from bot.entry.setup import settings
    from bot.entry.setup.making_apps import make_app, wait_for_installation

    failures: tuple[Failure, ...] = ()
    for role in roles:
        try:
            app = make_app(role, target, say=click.echo)
        except UserError as error:
            raise UserError(
                f"The {role.value} app was not made: {error}. Run `groundskeeper init` again; --no-browser prints links."
            ) from None
        name = f"GROUNDSKEEPER_{role.name}"
        values = {f"{name}_APP_ID": str(app.id), f"{name}_PRIVATE_KEY": app.private_key}
        steps = tuple(
            step for step in settings.setting_steps(target, values, plain=wishes.plain_secrets) if not step.what.startswith("still")
        )
        lost = do_steps(target, steps, settings.recall(target))
        if lost:
            click.echo(
                f"   Make a new key on {app.page}, and give it with --{role.value}-app {app.id} --{role.value}-key FILE.pem.", err=True
            )
        failures += lost
        _note_installation(target, app.slug, seen=False)
        if not wait_for_installation(target, app, say=click.echo):
            click.echo(f"   {app.slug} was not installed in time. Install it by the link above; the rest goes on.", err=True)
            continue
        _note_installation(target, app.slug, seen=True)
    return failures


def _note_installation(target: Target, slug: str, *, seen: bool) -> None:
    """Its key is sealed and read by nobody again, so a later `init` cannot ask as the app."""
    from bot.entry.setup import settings

    memory = settings.recall(target)
    others = tuple(one for one in memory.uninstalled if one != slug)
    settings.keep(target, replace(memory, uninstalled=others if seen else (*others, slug)))


def _say_uninstalled(target: Target) -> None:
    from bot.entry.setup import settings
    from bot.entry.setup.app_manifest import install_address
    from bot.entry.terminal import say_all

    for slug in settings.recall(target).uninstalled:
        say_all(["", f"{slug} was not seen installed when it was made. Unless it is by now: {install_address(target, slug)}"])


def _explain(target: Target, roles: tuple[AppRole, ...]) -> None:
    from bot.entry.setup import apps
    from bot.entry.terminal import say_all

    if roles:
        say_all(["", "The bot works as two apps of yours. GitHub's form opens with everything filled in:"])
    for role in roles:
        lines = apps.explained(
            role, web=target.web, owner=target.owner, of_organization=target.of_organization, homepage=target.repo.html_url
        )
        say_all(lines)


def _what_now(target: Target, *, pull_request: bool) -> None:
    from bot.entry.setup.onboarding import BRANCH
    from bot.entry.setup.proposing import open_pull_request
    from bot.entry.terminal import say_all

    if not pull_request:
        say_all(["", "Then commit and push the two files, and look with `groundskeeper doctor` whether everything is right."])
        return
    there = open_pull_request(target, BRANCH)
    if there is not None:
        say_all(["", f"Merge this to switch the bot on: {there['html_url']}"])
    say_all(["Then label an issue `agent:ready`. `groundskeeper doctor` looks whether everything is right."])
