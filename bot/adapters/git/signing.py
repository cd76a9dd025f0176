"""The signature on each commit of the bot's state: an HMAC that only who plans and publishes can make, bound to where the commit stands."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

_FORM = "groundskeeper state 1"
_NUMBER = rb"(0|[1-9][0-9]{0,11})"
_TRAILER = re.compile(
    rb"\nsequence: "
    + _NUMBER
    + rb"\nledger: "
    + _NUMBER
    + rb"\nstop: "
    + _NUMBER
    + rb"\nkey: ([0-9a-f]{16})\nsignature: ([0-9a-f]{64})\n\Z"
)
_SIGNATURE = len("signature: ") + 64 + 1


@dataclass(frozen=True, kw_only=True)
class StateKey:
    """32 secret bytes, derived from the worker's own credential."""

    secret: bytes

    @property
    def id(self) -> str:
        """Tells keys apart, and nothing of the secret."""
        return hmac.digest(self.secret, b"groundskeeper key id", "sha256").hex()[:16]

    def __repr__(self) -> str:
        return f"StateKey({self.id})"


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far things had come when a commit was made: how often its own ref was moved by then, and the ledger's and the stop's."""

    sequence: int = 0
    ledger: int = 0
    stop: int = 0


@dataclass(frozen=True, kw_only=True)
class Signer:
    """`former` are keys that signatures may still be of, and that none are made with."""

    repository: str
    """By its number, which no renaming changes."""
    key: StateKey
    former: tuple[StateKey, ...] = ()

    def signed(self, ref: str, head: bytes, message: str, place: Position) -> bytes:
        """The message with its trailer; `head` is the commit up to it, so that tree, parent and author are signed as well."""
        text = f"{message.rstrip()}\nsequence: {place.sequence}\nledger: {place.ledger}\nstop: {place.stop}\nkey: {self.key.id}\n"
        body = text.encode("utf-8", "replace")
        return body + f"signature: {self._digest(self.key, ref, head + body)}\n".encode()

    def verified(self, ref: str, commit: bytes) -> Position | str:
        """The whole commit as git stores it; or why it is not believed."""
        found = _TRAILER.search(commit)
        if found is None:
            return "is not signed by the bot; somebody else wrote it, or a version that did not sign yet"
        sequence, ledger, stop, name, told = found.groups()
        key = self._known.get(name.decode())
        if key is None:
            return f"is signed with another key ({name.decode()}) than this worker's ({self.key.id}); has the worker's credential changed?"
        if not hmac.compare_digest(self._digest(key, ref, commit[:-_SIGNATURE]).encode(), told):
            return "does not fit its signature; somebody changed it, or copied it from elsewhere"
        return Position(sequence=int(sequence), ledger=int(ledger), stop=int(stop))

    @property
    def _known(self) -> Mapping[str, StateKey]:
        return {key.id: key for key in (*self.former, self.key)}

    def _digest(self, key: StateKey, ref: str, commit: bytes) -> str:
        return hmac.digest(key.secret, f"{_FORM}\n{self.repository}\n{ref}\n".encode() + commit, "sha256").hex()
