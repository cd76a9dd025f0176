"""What setup may reach over the network and how much of it, as data; and what it asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from bot.adapters.sandbox.addresses import Network


@dataclass(frozen=True, kw_only=True)
class EgressLimits:
    bytes: int = 4 * 1024**3
    """In both directions, of one preparation in all."""
    connections: int = 128
    connecting: timedelta = timedelta(seconds=20)
    silence: timedelta = timedelta(minutes=2)
    """A connection on which nothing came for so long is closed."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The proxy that this machine itself has to go through; it then resolves names, and is trusted to."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class EgressRules:
    hosts: tuple[str, ...]
    vouched: tuple[Network, ...] = ()
    """Networks that are not public and yet may be reached: where the owner of this machine keeps a mirror."""
    upstream: Upstream | None = None
    limits: EgressLimits = field(default_factory=EgressLimits)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """At most one of the two: by the rules, or for want of a way there."""

    host: str
    refused: str | None = None
    unreachable: str | None = None
