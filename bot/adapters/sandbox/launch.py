"""Runs in fresh namespaces just before bubblewrap: mounts copy-on-write layers, opens the door to the proxy, then becomes bubblewrap.

A program of its own, started with `python -I`: it imports nothing of the bot, and nothing of a repository runs before it is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from typing import Any

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def main(told: str, *command: str) -> None:
    spec = json.loads(told)
    for overlay in spec["overlays"]:
        _mount(overlay)
    if spec["listen"] is not None:
        _listen(**spec["listen"])
    os.execvp(command[0], command)  # noqa: S606 — what bubblewrap is given is its caller's decision


def _mount(overlay: dict[str, Any]) -> None:
    options = ["lowerdir=" + ":".join(overlay["lower"])]
    if overlay["upper"] is not None:
        options += [f"upperdir={overlay['upper']}", f"workdir={overlay['work']}"]
    options += ["userxattr"] if overlay["unprivileged"] else []
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", ",".join(options), overlay["at"]], check=True)


def _listen(control: int, port: int) -> None:
    """Loopback is down in a new network, and nothing but it is there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
    with socket.socket(fileno=control) as door, socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        socket.send_fds(door, [b"."], [listener.fileno()])


if __name__ == "__main__":
    main(*sys.argv[1:])
