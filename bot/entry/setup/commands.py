"""`init`, `doctor`, `uninstall` and `schema` on the command line: questions, and what is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.entry.setup.place import Place
    from bot.entry.setup.source import Source
    from bot.entry.setup.step import Failure, Memory, Step

_PAUSE = "GROUNDSKEEPER_WRITE_PAUSE"
_MARKS = {"done": "=", "to do": "+", "yours": "!"}


def _at(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where; the same for all."""
    for option in (
        click.option(
            "--api-url", envvar="GITHUB_API_URL", default="https://api.github.com", show_default=True, help="Of GitHub's REST API."
        ),
        click.option("--repository", metavar="OWNER/NAME", help="Left out: the remote `origin` of the checkout."),
        click.option(
            "--checkout", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path(), help="The repository's checkout."
        ),
    ):
        command = option(command)
    return command


_SOURCE = click.option(
    "--source", metavar="OWNER/NAME@COMMIT", help="The Groundskeeper that workflows run. Left out: the one installed here."
)


@click.command(short_help="Set the bot up in a repository.")
@_at
@_SOURCE
@click.option("--agents", type=click.IntRange(1, 10), help="Agents that work at once.")
@click.option("--board/--no-board", default=None, help="Make a project board. Left out: only for an organization.")
@click.option("--protect/--no-protect", default=None, help="Let GitHub require `groundskeeper/review` of every pull request. [default: no]")
@click.option("--worker-app", type=click.IntRange(1), metavar="ID", help="The worker app's id.")
@click.option("--worker-key", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="File with its private key.")
@click.option("--reviewer-app", type=click.IntRange(1), metavar="ID", help="The reviewer app's id.")
@click.option("--reviewer-key", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="File with its private key.")
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
    protect: bool | None,
    worker_app: int | None,
    worker_key: Path | None,
    reviewer_app: int | None,
    reviewer_key: Path | None,
    tried: bool,
    force: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Set the bot up in a repository: two files, labels, a board, variables and secrets.

    GH_TOKEN is a token of somebody who administers the repository. Secrets are taken from the environment: ANTHROPIC_API_KEY,
    GROUNDSKEEPER_WORKER_PRIVATE_KEY (or …_TOKEN), GROUNDSKEEPER_REVIEWER_PRIVATE_KEY (or …_TOKEN). Doing it twice changes nothing more.
    """
    from bot.entry.app_keys import app_id, private_key
    from bot.entry.setup import apps, files, settings
    from bot.entry.setup.installing import Wishes, agents_configured, init_steps
    from bot.entry.terminal import say_all

    asking = not yes and not dry_run and _can_ask()
    given = {name: os.environ.get(name, "") for name in (*settings.VARIABLES, *settings.SECRETS, settings.BOARD_TOKEN)}
    for role, app, key in (("WORKER", worker_app, worker_key), ("REVIEWER", reviewer_app, reviewer_key)):
        by_id, by_key = f"GROUNDSKEEPER_{role}_APP_ID", f"GROUNDSKEEPER_{role}_PRIVATE_KEY"
        given |= {by_id: str(app or app_id(by_id, given[by_id]))} if app or given[by_id] else {}
        text = files.read(key) if key else given[by_key]
        given |= {by_key: private_key(f"--{role.lower()}-key {key}" if key else by_key, text)} if text else {}
    with _opened(checkout, repository, api_url) as place:
        if asking:
            agents = agents or click.prompt("Agents that work at once", type=click.IntRange(1, 10), default=agents_configured(place))
            if board is None:
                board = click.confirm("Make a project board that shows the work?", default=place.of_organization)
            if protect is None:
                protect = click.confirm("Let GitHub require the check groundskeeper/review of everybody's pull requests?", default=False)
        wishes = Wishes(agents=agents, board=board, protect=bool(protect), force=force, source=_source(source), given=given)
        todo = init_steps(place, wishes)
        _show(todo.steps)
        failures = _carry_out(place, todo.steps, todo.memory, yes=yes, dry_run=dry_run)
        missing = [step.what for step in todo.steps if step.what.startswith("still missing")]
        unmade = [app_role for app_role in apps.AppRole if any(f"{app_role.name}_APP_ID" in one for one in missing)]
        if unmade:
            say_all(["", "The bot works as two apps of yours. GitHub's form opens with everything filled in:"])
            for app_role in unmade:
                lines = apps.explained(
                    app_role, web=place.web, owner=place.owner, of_organization=place.of_organization, homepage=place.repo.html_url
                )
                say_all(lines)
    if not dry_run:
        if tried:
            _try_environment(place)
        say_all(["", "Then commit and push the two files, and look with `groundskeeper doctor` whether everything is right."])
    _end(failures)


@click.command(short_help="Take away again what `init` made.")
@_at
@_SOURCE
@click.option("--branches", is_flag=True, help="Remove agents' branches too whose work nobody merged.")
@click.option("--force", is_flag=True, help="Even while the bot is at work, and files that you changed where git does not have the change.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed and change nothing.")
def uninstall(
    checkout: Path, repository: str | None, api_url: str, source: str | None, branches: bool, force: bool, yes: bool, dry_run: bool
) -> None:
    """Take everything away again that `init` made, and the bot's own state. Issues, comments and pull requests stay.

    GH_TOKEN is a token of somebody who administers the repository.
    """
    from bot.entry.setup.installing import uninstall_steps
    from bot.entry.terminal import say_all

    with _opened(checkout, repository, api_url) as place:
        todo = uninstall_steps(place, branches=branches, force=force, source=_source(source))
        _show(todo.steps)
        failures = _carry_out(place, todo.steps, todo.memory, yes=yes, dry_run=dry_run)
        apps = f"{place.web}/organizations/{place.owner}/settings/apps" if place.of_organization else f"{place.web}/settings/apps"
    if not dry_run:
        say_all(["", f"Then commit and push the removal of the two files, and delete the two apps where you made any: {apps}"])
    _end(failures)


@click.command(short_help="Check every precondition; says remedies.")
@_at
@click.option("--here/--no-here", default=True, show_default=True, help="Whether agents shall run on this machine too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(checkout: Path, repository: str | None, api_url: str, here: bool, as_json: bool) -> None:
    """Look whether everything is as the bot needs it, with a remedy for what is not. Exit status 0 only if all of it is green.

    GH_TOKEN is a token of somebody who administers the repository. Keys that are in the environment are tried.
    """
    from bot.entry.setup import doctor as doctoring
    from bot.entry.terminal import say_all

    findings = []
    with _opened(checkout, repository, api_url) as place:
        for finding in doctoring.examined(place, os.environ, here=here):
            findings.append(finding)
            if not as_json:
                say_all("\n".join(doctoring.as_lines(finding)).splitlines())
    if as_json:
        click.echo(doctoring.as_json(findings))
    sys.exit(0 if doctoring.healthy(findings) else 1)


@click.command(short_help="Print the configuration's JSON Schema.")
def schema() -> None:
    """Print the JSON Schema of `.github/groundskeeper.yml`."""
    from bot.entry.setup.schema import schema_text

    click.echo(schema_text(), nl=False)


COMMANDS = (init, doctor, uninstall, schema)


@contextmanager
def _opened(checkout: Path, repository: str | None, api_url: str) -> Iterator[Place]:
    """GitHub's refusals outside of a step are told in its words, as everywhere."""
    from github import GithubException
    from requests import RequestException

    from bot.entry.setup.place import github_error, open_place, unreachable

    token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")
    boards = os.environ.get("GROUNDSKEEPER_BOARD_TOKEN")
    place = open_place(checkout, repository=repository, token=token, board_token=boards, api_url=api_url, pause=_pause())
    try:
        yield place
    except GithubException as error:
        raise github_error(error, f"{place.repo.full_name} on {api_url}", is_there=True) from error
    except RequestException as error:
        raise unreachable(error, api_url) from error
    finally:
        place.close()


def _pause() -> float:
    """Seconds between two writes; 0 is for the embedded GitHub, which counts nothing."""
    text = os.environ.get(_PAUSE, "1")
    if not text.replace(".", "", 1).isdigit():
        raise click.UsageError(f"{_PAUSE}: expected seconds, found {text!r}.")
    return float(text)


def _source(text: str | None) -> Source | None:
    from bot.entry.setup.source import named_source, own_source

    return named_source(text) if text else own_source()


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _show(steps: tuple[Step, ...]) -> None:
    from bot.entry.terminal import say_all

    say_all(f" {_MARKS[step.state.value]} {step.what}" + (f": {step.why}" if step.why else "") for step in steps)
    say_all(["   (+ is to do, = is as it should be, ! is yours)"])


def _carry_out(place: Place, steps: tuple[Step, ...], memory: Memory, *, yes: bool, dry_run: bool) -> tuple[Failure, ...]:
    from bot.core.errors.user_errors import UserError
    from bot.entry.setup import settings
    from bot.entry.setup.step import State, carry_out
    from bot.entry.terminal import say_all

    if dry_run:
        click.echo("Nothing was changed.")
        return ()
    if all(step.state is not State.TO_DO for step in steps):
        click.echo("Nothing is to do.")
        return ()
    if not yes:
        if not _can_ask():
            raise UserError("Nothing was changed, since nobody can be asked here: say --yes to do it, or --dry-run to see it.")
        if not click.confirm("Do it?"):
            click.echo("Nothing was changed.")
            raise click.Abort
    return carry_out(
        steps,
        memory,
        begun=lambda step: say_all([f"   {step.what} …"]),
        failed=lambda failure: click.echo(f"   {failure.step.what} failed: {failure.reason}. {failure.step.otherwise}".rstrip(), err=True),
        keep=lambda after: settings.keep(place, after),
    )


def _try_environment(place: Place) -> None:
    """What comes of it is shown and decides nothing: the files are written already, and may be what has to be mended."""
    from bot.entry.config import Config
    from bot.entry.setup import doctor, doctor_environment, files
    from bot.entry.terminal import say_all

    say_all(["", "Preparing the environment here as an agent's is, and running the gates in it:"])
    config = files.configured(place.checkout) or Config()
    for finding in doctor_environment.examined(place.checkout, place.repo.full_name, config):
        say_all("\n".join(doctor.as_lines(finding)).splitlines())


def _end(failures: tuple[Failure, ...]) -> None:
    if any(not failure.step.optional for failure in failures):
        sys.exit(1)
