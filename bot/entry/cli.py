"""The command line: what a maintainer starts, stops and asks. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.entry.actions.commands import actions
from bot.entry.hub_commands import hub
from bot.entry.setup.commands import COMMANDS
from bot.entry.trying.command import try_it

if TYPE_CHECKING:
    from bot.entry.wiring import Wired
    from bot.flows.fleet import Watcher

_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".groundskeeper"),
    show_default=True,
    help="Where this machine keeps its mirror.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="groundskeeper")
def cli() -> None:
    """Groundskeeper: labelled issues become reviewed, merged pull requests.

    GROUNDSKEEPER_REPOSITORY says where, GROUNDSKEEPER_WORKER_TOKEN and GROUNDSKEEPER_REVIEWER_TOKEN (or …_APP_ID and
    …_PRIVATE_KEY) say as whom, ANTHROPIC_API_KEY pays for the model.
    """


def main() -> None:
    """Turns what a person can mend into one clear line and exit status 2; everything else stays a traceback."""
    from bot.core.errors.user_errors import UserError

    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except UserError as error:
        click.echo(f"groundskeeper: {error}", err=True)
        sys.exit(2)
    except Exception as error:
        from bot.ports import GitError, GitHubError

        if not isinstance(error, GitHubError | GitError):
            raise
        click.echo(f"groundskeeper: {error}", err=True)
        sys.exit(1)


def _read_only(home: Path) -> Wired:
    """For who only looks, or stops and starts: that needs no model's key and no sandbox, and a brake least of all."""
    from bot.adapters.clock import ServerClock
    from bot.entry.actions.unavailable import NoModel, NoSandbox
    from bot.entry.wiring import from_environment, wire

    return wire(from_environment(home), model=NoModel(), sandbox=NoSandbox(), clock=ServerClock())


def _wired(home: Path, agents: int | None = None) -> Wired:
    from bot.adapters.clock import ServerClock
    from bot.entry.models import chosen_model, refuse_unpriced, sandbox_for
    from bot.entry.wiring import from_environment, wire

    clock = ServerClock()
    wired = wire(
        from_environment(home, agents=agents), model=chosen_model(clock), sandbox=sandbox_for("bubblewrap", scripted=True), clock=clock
    )
    from dataclasses import replace

    if not wired.context.model.scripted:
        refuse_unpriced(wired.context.policy)
    sandbox = sandbox_for(wired.config.sandbox, scripted=wired.context.model.scripted)
    return replace(wired, context=replace(wired.context, sandbox=sandbox))


@cli.command()
@_HOME
@click.option("--dry-run", is_flag=True, help="Print the plan with its reasons and change nothing.")
def tick(home: Path, dry_run: bool) -> None:
    """Look, decide, and do what is due now, runs of agents included; then end."""
    from bot.core.decisions.effects import describe
    from bot.flows import ticking

    if dry_run:
        context = _read_only(home).context
        seen = ticking.dry_run(context)
        for effect in seen.plan.effects:
            click.echo(f"would {describe(effect)}")
        for number, status in sorted(seen.plan.statuses.items()):
            until = f" (until {status.until:%Y-%m-%d %H:%M} UTC)" if status.until else ""
            click.echo(f"project {number} is {status.phase.value}: {status.reason}{until}")
        click.echo(f"idle: {seen.plan.idle.reason}" if seen.plan.idle else f"{len(seen.plan.effects)} effects planned, none done")
        return
    from bot.flows.fleet import keep_working

    keep_working(_wired(home).context, until=lambda _: True, watcher=_printer())


@cli.command()
@_HOME
@click.option(
    "--agents", type=click.IntRange(1, 10), default=None, help="Agents at once; the repository's configuration says where this is left out."
)
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do, instead of waiting for more.")
def run(home: Path, agents: int | None, until_idle: bool) -> None:
    """Work with local agents until stopped."""
    from bot.flows.fleet import keep_working

    context = _wired(home, agents).context
    keep_working(context, until=lambda done: until_idle and done.plan.idle is not None, watcher=_printer())


@cli.command()
@_HOME
@click.argument("number", type=click.IntRange(1))
def why(home: Path, number: int) -> None:
    """Say where an issue stands and why, in the words of `/agent why`; changes nothing."""
    from bot.flows import explaining

    for line in explaining.why(_read_only(home).context, number):
        click.echo(line)


def _printer() -> Watcher:
    from bot.entry.terminal import printer

    return printer()


@cli.command()
@_HOME
@click.option("--reason", default="no reason given", show_default=True)
@click.option("--agent", default=None, help="Pause only the agent of this number.")
@click.option("--category", default=None, help="Pause only what is proposed in this category.")
def stop(home: Path, reason: str, agent: str | None, category: str | None) -> None:
    """Stop everything, now, or one agent or category: runs end within 30 seconds and keep what they did."""
    from bot.entry.stop_options import stop_selected

    for line in stop_selected(_read_only(home).context, agent=agent, category=category, by=getpass.getuser(), reason=reason):
        click.echo(line)


@cli.command()
@_HOME
@click.option("--agent", default=None, help="Let only the agent of this number go on.")
@click.option("--category", default=None, help="Let only this category go on.")
def start(home: Path, agent: str | None, category: str | None) -> None:
    """Go on after a stop, of everything or of one agent or category."""
    from bot.entry.stop_options import start_selected

    for line in start_selected(_read_only(home).context, agent=agent, category=category, by=getpass.getuser()):
        click.echo(line)


@cli.command()
@_HOME
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--start",
    "how",
    type=click.Choice(["dispatch", "local"]),
    default="dispatch",
    show_default=True,
    help="Who works: Actions, or this machine.",
)
@click.option("--every", type=click.IntRange(1), default=5, show_default=True, metavar="MINUTES", help="Look without a hint so often.")
def serve(home: Path, host: str, port: int, how: str, every: int) -> None:
    """Take GitHub's webhooks (POST /webhook) and start the work at once; GROUNDSKEEPER_WEBHOOK_SECRET is theirs."""
    from bot.entry.web.environment import serve_from_environment

    serve_from_environment(home, host=host, port=port, how=how, minutes=every, wire_context=lambda: _wired(home).context)


@cli.command()
@click.option("--keep", is_flag=True, envvar="KEEP", help="Leave the pages up at the end.")
def demo(keep: bool) -> None:
    """The main job on the embedded GitHub: no account, no key, under a minute."""
    from bot.entry.demo.play import play

    sys.exit(play(keep=keep))


for command in (actions, hub, try_it, *COMMANDS):
    cli.add_command(command)

if __name__ == "__main__":
    main()
