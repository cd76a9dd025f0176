"""A checkout of a repository on this machine: what git says there, and which repository on GitHub it is by its `origin`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bot.core.errors.user_errors import UserError

_REMOTE = re.compile(r"(?:.*[/:@]|^)(?P<owner>[A-Za-z0-9-]+)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?/?$")


def git(checkout: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """What git says there, whether or not it succeeds. Raises `UserError` where there is no git."""
    try:
        return subprocess.run(["git", "-C", str(checkout), *args], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError("git is not installed here. Install git 2.38 or newer (https://git-scm.com/downloads).") from None


def repository_of(checkout: Path) -> str:
    """`owner/name` by the `origin` remote. Raises `UserError`."""
    asked = git(checkout, "remote", "get-url", "origin")
    match = _REMOTE.match(asked.stdout.strip())
    if asked.returncode or match is None:
        why = asked.stdout.strip() or asked.stderr.strip() or "it has no remote `origin`"
        raise UserError(f"{checkout.absolute()}: the repository on GitHub cannot be told ({why}). Say it with --repository OWNER/NAME.")
    return f"{match['owner']}/{match['name']}"
