"""Options that several commands share, with one meaning in all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.entry.terminal import Verbosity

HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".groundskeeper"),
    show_default=True,
    help="Where this machine keeps its mirror.",
)


def at_repository(command: Callable[..., Any]) -> Callable[..., Any]:
    words = "Left out: GROUNDSKEEPER_REPOSITORY, or the remote `origin` of this checkout."
    return click.option("--repository", metavar="OWNER/NAME", default=None, help=words)(command)


def with_verbosity(command: Callable[..., Any]) -> Callable[..., Any]:
    quiet = click.option("-q", "--quiet", is_flag=True, help="Only what went wrong, and what waits for a person.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Every look at GitHub too.")
    return quiet(verbose(command))


def verbosity_of(*, quiet: bool, verbose: bool) -> Verbosity:
    from bot.entry.terminal import Verbosity

    if quiet and verbose:
        raise click.UsageError("-q and -v contradict each other; give one of them.")
    return Verbosity.QUIET if quiet else Verbosity.VERBOSE if verbose else Verbosity.NORMAL


def version_shown(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """By what is installed; a checkout that runs without that, as in Actions, has no number."""
    if not wanted or context.resilient_parsing:
        return
    try:
        ours = version("groundskeeper")
    except PackageNotFoundError:
        ours = "of a checkout"
    click.echo(f"groundskeeper {ours} (Python {python_version()})")
    context.exit()
