"""The commands of the workflow's three jobs. Light on purpose: each imports what it needs when it is called."""

from __future__ import annotations

import sys
from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, file_okay=False)
_HOME = click.option("--home", type=_FOLDER, default=Path(".groundskeeper"), show_default=True, help="Where this job keeps its mirror.")
_RUNS = click.option("--runs", type=_FOLDER, default=Path("runs"), show_default=True, help="Started runs, from the planning job.")
_BUNDLES = click.option("--bundles", type=_FOLDER, default=Path("bundles"), show_default=True, help="What runs handed back.")


@click.group(short_help="What the workflow's jobs run.")
def actions() -> None:
    """What the jobs of the GitHub workflow run: plan, then agents, then publish."""


@actions.command(short_help="Look, decide, act, and start runs.")
@_HOME
@_RUNS
def plan(home: Path, runs: Path) -> None:
    """Look, decide, act, and start runs for the jobs that follow."""
    from bot.entry.actions import planning

    sys.exit(planning.plan(home, runs))


@actions.command(short_help="Prepare the environment of one started run.")
@click.option("--run", required=True, help="Which of the started runs to prepare for.")
@_HOME
@_RUNS
@_BUNDLES
def prepare(run: str, home: Path, runs: Path, bundles: Path) -> None:
    """Prepare the environment of one started run, and look what is red on its base; needs no key at all."""
    from bot.entry.actions import working

    sys.exit(working.prepare(run, home=home, runs=runs, bundles=bundles))


@actions.command(short_help="Carry out one started run.")
@click.option("--run", required=True, help="Which of the started runs to carry out.")
@_HOME
@_RUNS
@_BUNDLES
def agent(run: str, home: Path, runs: Path, bundles: Path) -> None:
    """Carry out one started run; needs no token that can write."""
    from bot.entry.actions import working

    sys.exit(working.work(run, home=home, runs=runs, bundles=bundles))


@actions.command(short_help="Check and publish what runs handed back.")
@_HOME
@_RUNS
@_BUNDLES
def publish(home: Path, runs: Path, bundles: Path) -> None:
    """Check what runs handed back, and publish it, fenced."""
    from bot.entry.actions import publishing

    sys.exit(publishing.publish(home, runs=runs, bundles=bundles))
