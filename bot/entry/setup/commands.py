"""`doctor`, `uninstall` and `schema` on the command line, and all commands of the setup together."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bot.entry.setup.command_line import SOURCE, at, carry_out_steps, end, opened, show, source_of
from bot.entry.setup.init_command import init


@click.command(short_help="Take away again what `init` made.")
@at
@SOURCE
@click.option("--branches", is_flag=True, help="Remove agents' branches too whose work nobody merged.")
@click.option(
    "--pull-request/--no-pull-request",
    default=True,
    show_default=True,
    help="Open one that takes the files out of the default branch; or remove them from the checkout.",
)
@click.option("--force", is_flag=True, help="Even while the bot is at work, and files that you changed where git does not have the change.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed and change nothing.")
def uninstall(
    checkout: Path,
    repository: str | None,
    api_url: str,
    source: str | None,
    branches: bool,
    pull_request: bool,
    force: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Take everything away again that `init` made, and the bot's own state. Issues, comments and pull requests stay.

    GH_TOKEN is a token of somebody who administers the repository.
    """
    from bot.entry.setup.installing import uninstall_steps
    from bot.entry.setup.proposing import open_pull_request
    from bot.entry.setup.removal_pull import BRANCH
    from bot.entry.terminal import say_all

    with opened(checkout, repository, api_url) as target:
        todo = uninstall_steps(target, branches=branches, force=force, source=source_of(source), pull_request=pull_request)
        show(todo.steps)
        failures = carry_out_steps(target, todo.steps, todo.memory, yes=yes, dry_run=dry_run)
        opened_pull = open_pull_request(target, BRANCH) if pull_request and not dry_run else None
        apps = f"{target.web}/organizations/{target.owner}/settings/apps" if target.of_organization else f"{target.web}/settings/apps"
    if not dry_run:
        if opened_pull is not None:
            say_all(["", f"Merge this to take its files out: {opened_pull['html_url']}"])
        elif not pull_request:
            say_all(["", "Then commit and push the removal of its files."])
        say_all([f"Last, delete the two apps where you made any: {apps}"])
    end(failures)


@click.command(short_help="Check every precondition; says remedies.")
@at
@click.option("--here/--no-here", default=True, show_default=True, help="Whether agents shall run on this machine too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(checkout: Path, repository: str | None, api_url: str, here: bool, as_json: bool) -> None:
    """Look whether everything is as the bot needs it, with a remedy for what is not. Exit status 0 only if all of it is green.

    GH_TOKEN is a token of somebody who administers the repository. Keys that are in the environment are tried.
    """
    from bot.entry.setup import doctor as doctoring
    from bot.entry.terminal import say_all

    findings = []
    with opened(checkout, repository, api_url) as target:
        for finding in doctoring.examined(target, os.environ, here=here):
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
