"""Commits of the bot's state: their files, message, signature and id, made for one `git fast-import`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.git.objects import oid_of, tree_of
from bot.adapters.git.process import Author, Mirror
from bot.adapters.git.signing import Position, Signer
from bot.ports import Change, GitError


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A commit that is to stand on `ref`: new files, and by their ids those that it keeps."""

    ref: str
    parent: str | None
    message: str
    place: Position
    files: Mapping[str, bytes]
    kept: Mapping[str, str] = field(default_factory=dict)


def commit_all(mirror: Mirror, signer: Signer, drafts: Sequence[Draft]) -> dict[str, str]:
    """Ref to commit. Raises `GitError` where git made other commits than were signed: those would be believed by nobody."""
    stamp = f"{int(time.time())} +0000"
    stream = bytearray()
    wanted = {}
    for mark, draft in enumerate(drafts, 1):
        head = _head(draft, mirror.author, stamp)
        message = signer.signed(draft.ref, head, draft.message, draft.place)
        wanted[draft.ref] = oid_of("commit", head + message)
        stream += _commit(mark, draft, mirror.author, stamp, message)
    made = mirror.git("fast-import", "--quiet", "--done", stdin=bytes(stream) + b"done\n").text.split()
    if made != list(wanted.values()):
        raise GitError("git made other commits than were signed; nothing was moved")
    return wanted


def message_of(change: Change, nonce: str) -> str:
    body = [change.message, ""]
    if change.record is not None:
        body.append(f"epoch: {change.record.epoch}")
        if change.record.lease is not None:
            holder = change.record.lease.holder
            body.append(f"holder: agent {holder.agent}, run {holder.run}, attempt {holder.attempt}")
    return "\n".join([*body, f"nonce: {nonce}", ""])


def _head(draft: Draft, author: Author, stamp: str) -> bytes:
    blobs = {**draft.kept, **{name: oid_of("blob", content) for name, content in draft.files.items()}}
    who = f"{author.name} <{author.email}> {stamp}"
    parent = f"parent {draft.parent}\n" if draft.parent else ""
    return f"tree {oid_of('tree', tree_of(blobs))}\n{parent}author {who}\ncommitter {who}\n\n".encode()


def _commit(mark: int, draft: Draft, author: Author, stamp: str, message: bytes) -> bytes:
    """`git fast-import` answers with the commit's id; the ref that it needs for the making is gone at the end."""
    ref = f"refs/pending/{secrets.token_hex(8)}"
    out = bytearray(f"commit {ref}\nmark :{mark}\ncommitter {author.name} <{author.email}> {stamp}\n".encode())
    out += b"data %d\n%s\n" % (len(message), message)
    if draft.parent:
        out += f"from {draft.parent}\ndeleteall\n".encode()
    for name, oid in draft.kept.items():
        if name not in draft.files:
            out += f"M 100644 {oid} {name}\n".encode()
    for name, content in draft.files.items():
        out += b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)
    out += f"get-mark :{mark}\nreset {ref}\nfrom {'0' * 40}\n\n".encode()
    return bytes(out)
