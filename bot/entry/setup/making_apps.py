"""Both apps made and installed by a person in a browser, while this waits and says what it waits for."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable

from github import Auth, GithubException, GithubIntegration
from requests import RequestException

from bot.core.errors.user_errors import UserError
from bot.entry.setup.app_manifest import MadeApp, install_address, registering
from bot.entry.setup.apps import AppRole
from bot.entry.setup.target import Target, said

MINUTES = 15
_PAUSE = 1.0


def browser_at_hand() -> bool:
    """Whether a page that is opened would be seen by whoever types here."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    far = "SSH_CONNECTION" in os.environ and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return sys.stdin.isatty() and not far


def make_app(app_role: AppRole, target: Target, *, say: Callable[[str], None], minutes: float = MINUTES) -> MadeApp:
    """Raises `UserError` where it did not come to be in time."""
    with registering(app_role, target) as begun:
        say(f"The {app_role.value} app: press “Create GitHub App”, then “Install”, on the page that opens now.")
        say(f"   If none opens, open this one on this machine: {begun.url}")
        webbrowser.open(begun.url)
        return begun.wait(minutes * 60)


def wait_for_installation(target: Target, app: MadeApp, *, say: Callable[[str], None], minutes: float = MINUTES) -> bool:
    """Whether somebody installed it on the repository in time; it asks as the app itself."""
    rest = threading.Event()
    say(f"   {app.slug} is made, and its key kept; waiting for it to be installed: {install_address(target, app.slug)}")
    for _ in range(int(minutes * 60 / _PAUSE)):
        if _installed(target, app):
            say(f"   {app.slug} is installed on {target.repo.full_name}.")
            return True
        rest.wait(_PAUSE)
    return False


def _installed(target: Target, app: MadeApp) -> bool:
    """Raises `UserError` where GitHub does not take the app's key; a network that is away for a moment is waited for."""
    asking = GithubIntegration(
        auth=Auth.AppAuth(app.id, app.private_key),
        base_url=target.api_url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    try:
        asking.get_repo_installation(*target.repo.full_name.split("/"))
    except GithubException as error:
        if error.status == 404 or error.status >= 500:
            return False
        raise UserError(f"{app.slug} cannot be asked whether it is installed: {said(error)}") from None
    except RequestException:
        return False
    finally:
        asking.close()
    return True
