"""How a process prepares environments and isolates what runs in them; refuses what would not be safe."""

from __future__ import annotations

import os
from pathlib import Path

from bot.adapters.environment import machine
from bot.adapters.environment.preparing import SandboxedEnvironments
from bot.adapters.environment.unsandboxed import UnsandboxedEnvironments
from bot.adapters.sandbox.machine import available
from bot.adapters.sandbox.toolchains import of_this_machine
from bot.core.errors.user_errors import UserError
from bot.entry.config import Config, wishes_of
from bot.ports import Code
from bot.ports.environments import Environments

UNPROTECTED = "GROUNDSKEEPER_UNPROTECTED"
"""The word of whoever owns the machine: what stands in a repository cannot say it for them."""


def isolated(wanted: str, *, scripted: bool) -> bool:
    """Whether commands run in bubblewrap here. A real model without it is refused, unless configuration and machine both say so."""
    if wanted == "none":
        if not scripted and os.environ.get(UNPROTECTED) != "1":
            raise UserError(
                "The repository's configuration says `sandbox: none`, so a model's commands could do on this machine whatever you can. "
                f"Take it out; or, on a machine that is thrown away afterwards, set {UNPROTECTED}=1."
            )
        return False
    why_not = available()
    if why_not is None:
        return True
    if scripted:
        return False
    raise UserError(
        f"{why_not} A model's commands are not run unprotected. To allow it anyway, write `sandbox: none` in the configuration "
        f"and set {UNPROTECTED}=1 on this machine."
    )


def environments_for(config: Config, code: Code, *, repository: str, store: Path, isolating: bool) -> Environments:
    """Raises `UserError` for a setting of this machine that cannot be used."""
    wishes = wishes_of(config)
    if not isolating:
        return UnsandboxedEnvironments(code=code, wishes=wishes)
    toolchains = of_this_machine()
    return SandboxedEnvironments(
        repository=repository,
        code=code,
        store=store.resolve(),  # bubblewrap looks from elsewhere
        machine=machine.of_this_machine(os.environ, toolchains),
        toolchains=toolchains,
        wishes=wishes,
    )
