"""The package indexes as this machine reaches them: by their public addresses, or by a mirror that its owner keeps."""

from __future__ import annotations

import socket

from bot.adapters.sandbox.addresses import refusal

_INDEXES = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "deb.debian.org")


def private_networks() -> str:
    """What a machine's owner would vouch for: where an index resolves to an address that is not public, that one address."""
    found: set[str] = set()
    for host in _INDEXES:
        try:
            found |= {str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
        except OSError:
            continue
    return " ".join(sorted(address for address in found if refusal(address, ()) is not None))


def unreachable(host: str) -> str | None:
    """Why a test that needs this index cannot run; None where it answers."""
    try:
        with socket.create_connection((host, 443), timeout=10):
            return None
    except OSError as error:
        return f"{host} cannot be reached: {error}"
