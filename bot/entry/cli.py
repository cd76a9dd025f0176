"""The command line: what a maintainer starts, stops and asks. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.entry.actions.commands import actions
from bot.entry.hub_commands import hub
from bot.entry.options import HOME, at_repository, verbosity_of, version_shown, with_verbosity
from bot.entry.setup.commands import COMMANDS
from bot.entry.trying.command import try_it

if TYPE_CHECKING:
    from bot.entry.wiring import Wired


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-V", "--version", is_flag=True, expose_value=False, is_eager=True, callback=version_shown, help="Show the version and end.")
def cli() -> None:
    """Groundskeeper: labelled issues become reviewed, merged pull requests.

    Where: the checkout's `origin`, or GROUNDSKEEPER_REPOSITORY. As whom: GROUNDSKEEPER_WORKER_TOKEN and
    GROUNDSKEEPER_REVIEWER_TOKEN (or …_APP_ID and …_PRIVATE_KEY). ANTHROPIC_API_KEY pays for the model.
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


def _read_only(home: Path, repository: str | None) -> Wired:
    """For who only looks, or stops and starts: that needs no model's key and no sandbox, and a brake least of all."""
    from bot.adapters.clock import ServerClock
    from bot.entry.actions.unavailable import NoModel
    from bot.entry.wiring import from_environment, wire

    return wire(from_environment(home, repository=repository), model=NoModel(), carries_out=False, clock=ServerClock())


def _say(lines: list[str]) -> None:
    from bot.entry.terminal import say_all

    say_all(lines)


@cli.command(name="help", short_help="Show the help of a command.")
@click.argument("command", nargs=-1)
@click.pass_context
def help_of(context: click.Context, command: tuple[str, ...]) -> None:
    """Show this overview, or with a command's name, as in `help run`, that command's own help."""
    found: click.Command = cli
    about = context.parent or context
    for name in command:
        inner = found.get_command(about, name) if isinstance(found, click.Group) else None
        if inner is None:
            raise click.UsageError(f"There is no command {' '.join(command)!r}; `groundskeeper help` lists all of them.", ctx=about)
        found, about = inner, click.Context(inner, info_name=name, parent=about)
    click.echo(found.get_help(about))


@cli.command(short_help="Look, decide, and do what is due; then end.")
@HOME
@at_repository
@click.option("--dry-run", is_flag=True, help="Print the plan with its reasons and change nothing.")
@with_verbosity
def tick(home: Path, repository: str | None, dry_run: bool, quiet: bool, verbose: bool) -> None:
    """Look, decide, and do what is due now, runs of agents included; then end."""
    verbosity = verbosity_of(quiet=quiet, verbose=verbose)
    if dry_run:
        from bot.entry.dry_run import dry_run_lines

        _say(dry_run_lines(_read_only(home, repository), verbosity=verbosity))
        return
    from bot.entry.working import work

    sys.exit(work(home, repository=repository, agents=None, verbosity=verbosity, until=lambda _: True))


@cli.command(short_help="Work with local agents until stopped.")
@HOME
@at_repository
@click.option(
    "--agents", type=click.IntRange(1, 10), default=None, help="Agents at once. Left out: as the repository's configuration says."
)
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do, instead of waiting for more.")
@with_verbosity
def run(home: Path, repository: str | None, agents: int | None, until_idle: bool, quiet: bool, verbose: bool) -> None:
    """Work with local agents until stopped.

    Ctrl-C says what it waits for: agents at work hand in what they have. A second one ends at once.
    """
    from bot.entry.working import work

    verbosity = verbosity_of(quiet=quiet, verbose=verbose)
    until: Callable[[Any], bool] = lambda done: until_idle and done.plan.idle is not None  # noqa: E731
    sys.exit(work(home, repository=repository, agents=agents, verbosity=verbosity, until=until))


@cli.command(short_help="Say where an issue stands, and why.")
@HOME
@at_repository
@click.argument("number", type=click.IntRange(1))
def why(home: Path, repository: str | None, number: int) -> None:
    """Say where an issue stands and why, in the words of `/agent why`; changes nothing."""
    from bot.flows import explaining

    _say(explaining.why(_read_only(home, repository).context, number))


@cli.command(short_help="Stop all work, or one agent or category.")
@HOME
@at_repository
@click.option("--reason", default="no reason given", show_default=True, help="Shown to everybody who asks what stopped it.")
@click.option("--agent", default=None, help="Pause only the agent of this number.")
@click.option("--category", default=None, help="Pause only what is proposed in this category.")
def stop(home: Path, repository: str | None, reason: str, agent: str | None, category: str | None) -> None:
    """Stop everything, now, or one agent or category: runs end within 30 seconds and keep what they did."""
    from bot.entry.stop_options import stop_selected

    context = _read_only(home, repository).context
    _say(stop_selected(context, agent=agent, category=category, by=getpass.getuser(), reason=reason))


@cli.command(short_help="Go on after a stop.")
@HOME
@at_repository
@click.option("--agent", default=None, help="Let only the agent of this number go on.")
@click.option("--category", default=None, help="Let only this category go on.")
def start(home: Path, repository: str | None, agent: str | None, category: str | None) -> None:
    """Go on after a stop, of everything or of one agent or category."""
    from bot.entry.stop_options import start_selected

    _say(start_selected(_read_only(home, repository).context, agent=agent, category=category, by=getpass.getuser()))


@cli.command(short_help="Show and sign what lost its signature.")
@HOME
@at_repository
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that does not prove itself, money and stop included.")
@click.option("--as-it-stands", is_flag=True, help="Sign what stands there, even where the bot's own last state is still known.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def repair(home: Path, repository: str | None, number: int | None, everything: bool, as_it_stands: bool, yes: bool) -> None:
    """Show what stands where somebody else wrote into the bot's refs (or a version that did not sign yet), and sign it after a yes."""
    from bot.entry.repairing import Asked
    from bot.entry.repairing import repair as repair_state

    asked = Asked(number=number, everything=everything, as_it_stands=as_it_stands)
    question = "Sign {} as shown?"
    done = repair_state(
        _read_only(home, repository), asked, say=click.echo, agreed=lambda count: yes or click.confirm(question.format(count))
    )
    sys.exit(0 if done else 1)


@cli.command(short_help="Take webhooks and start the work at once.")
@HOME
@at_repository
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free.")
@click.option(
    "--start",
    "how",
    type=click.Choice(["dispatch", "local"]),
    default="dispatch",
    show_default=True,
    help="Who works: Actions, or this machine.",
)
@click.option("--every", type=click.IntRange(1), default=5, show_default=True, metavar="MINUTES", help="Look without a hint so often.")
def serve(home: Path, repository: str | None, host: str, port: int, how: str, every: int) -> None:
    """Take GitHub's webhooks (POST /webhook) and start the work at once; GROUNDSKEEPER_WEBHOOK_SECRET is theirs."""
    from bot.entry.web.environment import serve_from_environment

    serve_from_environment(home, repository=repository, host=host, port=port, how=how, minutes=every)


@cli.command(short_help="Watch the main job on the embedded GitHub.")
@click.option("--keep", is_flag=True, envvar="KEEP", help="Leave the pages up at the end.")
@with_verbosity
def demo(keep: bool, quiet: bool, verbose: bool) -> None:
    """The main job on the embedded GitHub: no account, no key, under a minute."""
    from bot.entry.demo.play import play

    sys.exit(play(keep=keep, verbosity=verbosity_of(quiet=quiet, verbose=verbose)))


for each in (actions, hub, try_it, *COMMANDS):
    cli.add_command(each)

if __name__ == "__main__":
    main()
