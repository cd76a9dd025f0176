"""`groundskeeper hub`: the embedded GitHub on a port of this machine, until Ctrl-C or until it breaks."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.core.errors.user_errors import UserError
from bot.entry.home import ensure_home
from bot.entry.local_hub import credentials
from bot.hub.serve import HubFailed, serving
from bot.hub.store.hub import open_hub
from bot.hub.web.sessions import link

_LOCAL = "127.0.0.1"


def serve_hub(root: Path, port: int, *, own_root: bool, own_port: bool, say: Callable[[str], None]) -> int:
    """`own_root` and `own_port`: whether somebody chose them, so that `hub add` must be told of them too.

    The exit status, once it breaks; Ctrl-C raises through it. Raises `UserError` where the port cannot be had.
    """
    try:
        hub = open_hub(ensure_home(root))
        person = credentials(hub).person
        with serving(hub, host=_LOCAL, port=port) as served:
            say(f"The embedded GitHub is at {served.url}; end it with Ctrl-C.")
            say(f"Sign in as {person}: {served.url}{link(hub, person)}")
            options = f"--root {shlex.quote(str(root))} " if own_root else ""
            options += f"--port {urlsplit(served.url).port} " if own_port else ""
            say(f"Add a repository: groundskeeper hub add {options}path/to/checkout > hub.env")
            served.wait()
    except HubFailed as error:
        say(f"The embedded GitHub broke: {error}. Start it again; if it breaks again, `--root` with a new folder begins afresh.")
        return 1
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(_taken(port)) from None
        if error.errno == errno.EACCES:
            raise UserError(f"Port {port} may not be used by you here. Take one above 1023, as in `--port 8080`.") from None
        raise
    return 0


def _taken(port: int) -> str:
    other = "Take another one with `--port`; 0 takes any that is free."
    url = f"http://{_LOCAL}:{port}"
    try:
        is_hub = httpx.get(url, timeout=2).headers.get("server") == "hub"
    except httpx.HTTPError:
        is_hub = False
    if is_hub:
        return f"An embedded GitHub is at {url} already: use that one, or end it with Ctrl-C where it was started. {other}"
    return f"Port {port} is taken by another program. {other}"
