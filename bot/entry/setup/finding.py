"""What `doctor` says about one precondition; what cannot be looked at is never green."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from github import GithubException

from bot.core.errors.user_errors import UserError
from bot.entry.setup.target import said


class Light(Enum):
    GREEN = "ok"
    RED = "wrong"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`remedy` is empty where the light is green."""

    name: str
    light: Light
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Finding:
    return Finding(name=name, light=Light.GREEN, found=found)


def wrong(name: str, found: str, remedy: str) -> Finding:
    return Finding(name=name, light=Light.RED, found=found, remedy=remedy)


def not_seen(name: str, why: str, remedy: str) -> Finding:
    return Finding(name=name, light=Light.NOT_SEEN, found=why, remedy=remedy)


def looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Each precondition is looked at whatever became of the others."""
    try:
        yield from look()
    except GithubException as error:
        yield not_seen(name, said(error), "Give GH_TOKEN a token of somebody who administers the repository, or try again later.")
    except UserError as error:
        yield wrong(name, str(error), "Mend it as said.")
    except OSError as error:
        yield not_seen(name, str(error) or type(error).__name__, "Look whether the network and the address are right, and try again.")
