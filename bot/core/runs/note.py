"""What a person wrote on a project's pull request, with its place, and which text of it a run was given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class NoteRef:
    """A note as it read when a run took it; edited since, it is another one."""

    note: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A comment, a comment on a line, or the words of a review. Whose it is and whether it counts is judged elsewhere."""

    id: str
    author: str
    text: str
    at: datetime
    changed_at: datetime
    may_write: bool = False
    seen: bool = False
    """Whether the bot has put its 👀 there."""
    thread: str | None = None
    """The thread that it stands in; None for one on the whole pull request, which is answered by a comment of its own."""
    path: str | None = None
    line: int | None = None
    hunk: str = ""
    """The diff around its line."""
    resolved: bool = False
    """Whether its thread is."""
    before: tuple[str, ...] = ()
    """What people with write and the bot said in its thread before; filled in for a run."""

    @property
    def ref(self) -> NoteRef:
        words = " ".join(self.text.split())
        return NoteRef(note=self.id, digest=hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12])


@dataclass(frozen=True, kw_only=True)
class UnresolvedThread:
    """An answered thread that GitHub would not let the bot resolve; `at` is when that was tried last."""

    thread: str
    tries: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoteAnswer:
    """What the agent says to one note. `done`: whether it did what the note asks for."""

    note: str
    text: str
    done: bool = True
