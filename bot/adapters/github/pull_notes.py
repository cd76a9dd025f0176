"""What was written on a pull request, from GitHub's JSON: comments, comments on lines with their threads, and the words of reviews."""

from __future__ import annotations

from typing import Any

from bot.adapters.github.actors import login_of, time_of
from bot.core.runs.note import Note

_WORK = frozenset({"COMMENTED", "CHANGES_REQUESTED"})
_HUNK = 2_000


def notes_on(node: Any) -> tuple[Note, ...]:
    comments = [_note(one) for one in node["comments"]["nodes"]]
    reviews = [_note(one, at=one["submittedAt"]) for one in node["reviews"]["nodes"] if one["state"] in _WORK and one["submittedAt"]]
    lines = [note for thread in node["reviewThreads"]["nodes"] for note in _thread(thread)]
    return tuple(note for note in (*comments, *reviews, *lines) if note.text.strip())


def _thread(thread: Any) -> list[Note]:
    place = {"thread": thread["id"], "path": thread["path"], "line": thread["line"] or thread["originalLine"]}
    return [_note(one, hunk=one["diffHunk"][-_HUNK:], resolved=thread["isResolved"], **place) for one in thread["comments"]["nodes"]]


def _note(one: Any, *, at: str | None = None, **place: Any) -> Note:
    groups = one["reactionGroups"] or []
    made = at or one["createdAt"]
    return Note(
        id=one["id"],
        author=login_of(one["author"]),
        text=one["body"],
        at=time_of(made),
        changed_at=time_of(one["lastEditedAt"] or made),
        seen=any(group["content"] == "EYES" and group["viewerHasReacted"] for group in groups),
        **place,
    )
