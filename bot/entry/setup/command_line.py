"""What the setup's commands share on the command line: where they are said for, the target opened, steps shown and done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from bot.entry.setup.source import Source
    from bot.entry.setup.step import Failure, Memory, Step
    from bot.entry.setup.target import Target

_PAUSE = "GROUNDSKEEPER_WRITE_PAUSE"
_MARKS = {"done": "=", "to do": "+", "yours": "!"}


def at(command: Callable[..., Any]) -> Callable[..., Any]:
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


SOURCE = click.option(
    "--source", metavar="OWNER/NAME@COMMIT", help="The Groundskeeper that workflows run. Left out: the one installed here."
)


@contextmanager
def opened(checkout: Path, repository: str | None, api_url: str) -> Iterator[Target]:
    """GitHub's refusals outside of a step are told in its words, as everywhere."""
    from github import GithubException
    from requests import RequestException

    from bot.entry.setup.target import github_error, open_target, unreachable

    token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN") or token_of_gh(api_url)
    boards = os.environ.get("GROUNDSKEEPER_BOARD_TOKEN")
    target = open_target(checkout, repository=repository, token=token, board_token=boards, api_url=api_url, pause=_pause())
    try:
        yield target
    except GithubException as error:
        raise github_error(error, f"{target.repo.full_name} on {api_url}", is_there=True) from error
    except RequestException as error:
        raise unreachable(error, api_url) from error
    finally:
        target.close()


def token_of_gh(api_url: str) -> str | None:
    """That of whoever signed in with GitHub's own command line: https://cli.github.com/manual/gh_auth_token"""
    host = urlsplit(api_url).hostname or ""
    command = ["gh", "auth", "token", "--hostname", host.removeprefix("api.")]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None if told.returncode == 0 else None


def _pause() -> float:
    """Seconds between two writes; 0 is for the embedded GitHub, which counts nothing."""
    text = os.environ.get(_PAUSE, "1")
    if not text.replace(".", "", 1).isdigit():
        raise click.UsageError(f"{_PAUSE}: expected seconds, found {text!r}.")
    return float(text)


def source_of(text: str | None) -> Source | None:
    from bot.entry.setup.source import named_source, own_source

    return named_source(text) if text else own_source()


def can_ask() -> bool:
    return sys.stdin.isatty()


def show(steps: tuple[Step, ...]) -> None:
    from bot.entry.terminal import say_all

    say_all(f" {_MARKS[step.state.value]} {step.what}" + (f": {step.why}" if step.why else "") for step in steps)
    say_all(["   (+ is to do, = is as it should be, ! is yours)"])


def agreed(*, yes: bool, dry_run: bool) -> bool:
    """Whether it is to be done. Raises `UserError` where nobody can be asked, `Abort` where the answer is no."""
    from bot.core.errors.user_errors import UserError

    if dry_run:
        click.echo("Nothing was changed.")
        return False
    if not yes:
        if not can_ask():
            raise UserError("Nothing was changed, since nobody can be asked here: say --yes to do it, or --dry-run to see it.")
        if not click.confirm("Do it?"):
            click.echo("Nothing was changed.")
            raise click.Abort
    return True


def carry_out_steps(target: Target, steps: tuple[Step, ...], memory: Memory, *, yes: bool, dry_run: bool) -> tuple[Failure, ...]:
    from bot.entry.setup.step import State

    if not dry_run and all(step.state is not State.TO_DO for step in steps):
        click.echo("Nothing is to do.")
        return ()
    return do_steps(target, steps, memory) if agreed(yes=yes, dry_run=dry_run) else ()


def do_steps(target: Target, steps: tuple[Step, ...], memory: Memory) -> tuple[Failure, ...]:
    from bot.entry.setup import settings
    from bot.entry.setup.step import carry_out
    from bot.entry.terminal import say_all

    told = memory.plain

    def keep(after: Memory) -> None:
        nonlocal told
        if after.plain is not None and told is None:
            click.echo(
                f"   This repository has no environments ({after.plain}), so keys are sealed as its plain secrets. "
                "Whoever may push can have a workflow read those."
            )
        told = after.plain
        settings.keep(target, after)

    return carry_out(
        steps,
        memory,
        begun=lambda step: say_all([f"   {step.what} …"]),
        failed=lambda failure: click.echo(f"   {failure.step.what} failed: {failure.reason}. {failure.step.otherwise}".rstrip(), err=True),
        keep=keep,
    )


def end(failures: tuple[Failure, ...]) -> None:
    if any(not failure.step.optional for failure in failures):
        sys.exit(1)
