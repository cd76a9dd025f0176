"""`groundskeeper hub`: serving the embedded GitHub, and bringing code into it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.core import ParameterSource


def _state() -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/: the same wherever it is started, so that all commands mean one hub."""
    state = os.environ.get("XDG_STATE_HOME")
    return Path(state or Path.home() / ".local" / "state") / "groundskeeper" / "hub"


_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=_state,
    show_default="~/.local/state/groundskeeper/hub",
    help="Where it keeps what it knows.",
)
_PORT = click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any that is free.")


@click.group(invoke_without_command=True, short_help="Serve the embedded GitHub on this machine.")
@_PORT
@_ROOT
@click.pass_context
def hub(context: click.Context, port: int, root: Path) -> None:
    """Serve the embedded GitHub on this machine, for a first try or without network.

    It shows a link that signs you in on its pages, where issues are opened, labelled, reviewed and merged as on GitHub.
    """
    if context.invoked_subcommand is None:
        from bot.entry.hub import serve_hub

        chosen = {name: context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in ("root", "port")}
        sys.exit(serve_hub(root, port, own_root=chosen["root"], own_port=chosen["port"], say=click.echo))


@hub.command("add", short_help="Make a checkout a repository of the hub.")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--name", help="What it is called there; the folder's name where left out.")
@_PORT
@_ROOT
def add(path: Path, name: str | None, port: int, root: Path) -> None:
    """Make a checkout's last commit a repository of the hub, and print what programs sign in with as an env file.

    `groundskeeper hub add . > hub.env`, then `set -a; . ./hub.env; set +a` and `groundskeeper run` works on it. Again brings newer commits.
    """
    from bot.entry import local_hub
    from bot.entry.own_code import look
    from bot.hub.store.hub import open_hub

    checkout = look(path)
    served = open_hub(root)
    try:
        full_name = local_hub.add(served, checkout, name)
        url = f"http://127.0.0.1:{port}"
        click.echo(f"{full_name} is on the hub at {checkout.head[:12]}, branch {checkout.branch}: {url}/{full_name}", err=True)
        click.echo("These lines are keys of that hub; they are good for nothing else.", err=True)
        for line in local_hub.environment(local_hub.credentials(served), full_name, url):
            click.echo(line)
    finally:
        served.close()
