"""What the configuration says of the environment, over what was detected: each part that is written there replaces its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.core.environment.facts import Environment, Service
from bot.core.environment.presets import hosts_of


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """None where it is left out, and detection decides; what is written empty is meant so."""

    setup: tuple[str, ...] | None = None
    network: tuple[str, ...] | None = None
    """Presets and hosts. Presets that were detected stay, since otherwise everybody would have to name them again."""
    files: tuple[str, ...] | None = None
    services: tuple[Service, ...] | None = None
    path: tuple[str, ...] | None = None
    variables: Mapping[str, str] | None = None
    writable: tuple[str, ...] | None = None


def configured(detected: Environment, wishes: Wishes) -> Environment:
    own = wishes.setup is not None
    return replace(
        detected,
        setup=detected.setup if wishes.setup is None else wishes.setup,
        packages=() if own else detected.packages,
        tools=() if own else detected.tools,
        network=tuple(dict.fromkeys((*detected.network, *hosts_of(wishes.network or ())))),
        files=detected.files if wishes.files is None else wishes.files,
        services=detected.services if wishes.services is None else wishes.services,
        path=detected.path if wishes.path is None else wishes.path,
        variables={**detected.variables, **(wishes.variables or {})},
        writable=wishes.writable or (),
        sources=("the configuration",) if own else detected.sources,
        notes=() if own else detected.notes,
    )
