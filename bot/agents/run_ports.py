"""What an agent is given to reach the outside with, and how it says what it is doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bot.core.money.pricing import MicroUsd
from bot.ports import Clock, Model, Sandbox, Workspace


@dataclass(frozen=True, kw_only=True)
class Progress:
    step: int
    steps: int
    spent: MicroUsd
    doing: str
    """One short line made from what is observed, never from what the model says about itself."""


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A new checkout of what would be published, with the environment over it; nobody has worked in it."""

    sandbox: Sandbox
    workspace: Workspace
    paths: tuple[str, ...]
    """What differs from the base."""


@dataclass(frozen=True, kw_only=True)
class RunPorts:
    model: Model
    sandbox: Sandbox
    workspace: Workspace
    clock: Clock
    prompts: Mapping[str, str]
    """Text of `prompts/<role>.md` by role."""
    products: tuple[str, ...] = ()
    """What the environment put into the checkout; never to be committed."""
    fresh: Callable[[bytes, str], AbstractContextManager[Fresh | str]]
    """Of the commits in a bundle and their head; or why they were not taken."""
    cancelled: Callable[[], bool]
    save: Callable[[str], None]
    """Takes the whole transcript so far, as `Bundle.transcript` would have it, and replaces what was saved before."""
    watch: Callable[[Progress], None]
