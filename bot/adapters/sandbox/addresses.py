"""Which addresses setup may reach: those of the public internet, never this machine's network or a cloud's metadata service."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE_NETWORKS = "GROUNDSKEEPER_PRIVATE_NETWORKS"
"""The variable in which this machine's owner names networks that setup may reach although they are not public."""
_METADATA: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one) for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32")
)
"""Link-local, and where Amazon, Alibaba and Azure hand out credentials; some of these are public by their number."""
_CARRIES_IPV4: tuple[ipaddress.IPv6Network, ...] = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16"))


def refusal(address: str, allowed: Iterable[Network]) -> str | None:
    """Why this address is not connected to; None where it may be. `allowed` are networks that this machine's owner vouches for."""
    plain = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if any(plain in network for network in _METADATA):
        return f"{plain} is where a machine's own metadata is handed out"
    if any(plain in network for network in allowed if network.version == plain.version):
        return None
    if plain.is_global and not plain.is_multicast and not any(plain in network for network in _CARRIES_IPV4):
        return None
    return f"{plain} is a private address, which is only reached where {PRIVATE_NETWORKS} names its network"


def _unwrapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
