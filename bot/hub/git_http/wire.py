"""The two ends of a push as git writes them: the commands that ask for it and the report that answers.

https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer
"""

import re
from collections.abc import Collection, Iterator
from typing import IO

_FLUSH = b"0000"
_HEAD = re.compile(rb"[0-9a-fA-F]{4}")
_REPORT = 1  # the side band on which the report travels; 2 carries what hooks print
_ROOM = 65_515


def commands(source: IO[bytes]) -> tuple[bytes, list[tuple[str, str, str]]]:
    """What was read from the front of a push, and each (ref, old, new) in it; the pack is left unread."""
    read = b""
    asked: list[tuple[str, str, str]] = []
    while True:
        head = _exactly(source, 4)
        read += head
        size = int(head, 16) if _HEAD.fullmatch(head) else 0
        if size < 4:  # the flush that ends the commands, or what git will refuse
            return read, asked
        text = _exactly(source, size - 4)
        read += text
        old, _, rest = text.partition(b"\0")[0].decode("utf-8", "replace").strip().partition(" ")
        new, _, ref = rest.partition(" ")
        if ref:
            asked.append((ref, old, new))


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (piece := source.read(size - len(found))):
        found += piece
    return found


def reworded(body: bytes, guarded: Collection[str]) -> bytes:
    """The answer to a push, where a refused branch of these hears GitHub's word for it and not that of git's own hooks."""
    packets = list(_packets(body))
    if not any(packet.startswith(bytes([_REPORT])) for packet in packets):
        return b"".join(_packed(_line(packet, guarded)) for packet in packets) + _FLUSH
    report = b"".join(packet[1:] for packet in packets if packet[0] == _REPORT)
    fresh = b"".join(_packed(_line(packet, guarded)) for packet in _packets(report)) + _FLUSH
    told = [_packed(packet) for packet in packets if packet[0] != _REPORT]
    told += [_packed(bytes([_REPORT]) + fresh[place : place + _ROOM]) for place in range(0, len(fresh), _ROOM)]
    return b"".join(told) + _FLUSH


def _packets(body: bytes) -> Iterator[bytes]:
    place = 0
    while place + 4 <= len(body):
        size = int(body[place : place + 4], 16)
        if size >= 4:
            yield body[place + 4 : place + size]
        place += max(size, 4)


def _packed(data: bytes) -> bytes:
    return f"{len(data) + 4:04x}".encode() + data


def _line(packet: bytes, guarded: Collection[str]) -> bytes:
    ref = packet.decode("utf-8", "replace").removeprefix("ng ").partition(" ")[0]
    if packet.startswith(b"ng ") and ref in guarded and packet.rstrip().endswith(b" hook declined"):
        return f"ng {ref} protected branch hook declined\n".encode()
    return packet
