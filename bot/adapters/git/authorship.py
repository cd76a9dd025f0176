"""Commits of a run, made anew as the worker's own: whatever name and credit the run gave them, only what they contain is taken over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.adapters.git.process import Author, Mirror, last_words
from bot.core.markdown.subject import message

TRAILER = "Groundskeeper-Agent"
_WHEN = re.compile(rb"> (\d{1,12} [+-]\d{4})$")
_OURS = re.compile(rf"^{TRAILER}:.*$\n?", re.IGNORECASE | re.MULTILINE)


class NotRemade(Exception):
    """git would not make them, in its own words."""


@dataclass(frozen=True, kw_only=True)
class _Commit:
    oid: str
    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    message: bytes


def remade(apart: Mirror, brought: Sequence[str], author: Author, agent: int | None) -> Mapping[str, str]:
    """Old commit to new one, for those that `git rev-list` finds by `brought`. The same commits become the same ones each time."""
    order = apart.git("rev-list", "--topo-order", "--reverse", *brought).text.split()
    marks: dict[str, int] = {}
    stream = bytearray()
    for commit in _read(apart, order):
        told = _told(commit.message, agent)
        if _is_ours(commit, author, told) and not any(parent in marks for parent in commit.parents):
            continue
        marks[commit.oid] = len(marks) + 1
        stream += _made(commit, marks, author, told)
    if not marks:
        return {}
    stream += b"".join(b"get-mark :%d\n" % mark for mark in marks.values())
    made = apart.git("fast-import", "--quiet", "--done", stdin=bytes(stream) + b"done\n", check=False)
    if made.code != 0:
        raise NotRemade(last_words(made))
    return dict(zip(marks, made.text.split(), strict=True))


def _told(text: bytes, agent: int | None) -> bytes:
    """The message without accounts that it names, and with the agent that wrote it."""
    words = message(_OURS.sub("", text.decode("utf-8", "replace"))) or "Work"
    return (f"{words}\n" if agent is None else f"{words}\n\n{TRAILER}: {agent}\n").encode("utf-8", "replace")


def _is_ours(commit: _Commit, author: Author, told: bytes) -> bool:
    who = f"{author.name} <{author.email}>".encode()
    return commit.message == told and all(line.startswith(who + b" ") for line in (commit.author, commit.committer))


def _read(apart: Mirror, oids: Sequence[str]) -> list[_Commit]:
    out = apart.git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode()).out
    found: list[_Commit] = []
    at = 0
    for oid in oids:
        end = out.index(b"\n", at)
        size = int(out[at:end].rsplit(b" ", 1)[1])
        head, _, text = out[end + 1 : end + 1 + size].partition(b"\n\n")
        at = end + size + 2
        fields = [line.partition(b" ")[::2] for line in head.split(b"\n")]
        first = dict(reversed(fields))
        parents = tuple(value.decode() for name, value in fields if name == b"parent")
        tree, author, committer = first[b"tree"].decode(), first[b"author"], first[b"committer"]
        found.append(_Commit(oid=oid, tree=tree, parents=parents, author=author, committer=committer, message=text))
    return found


def _made(commit: _Commit, marks: Mapping[str, int], author: Author, told: bytes) -> bytes:
    """One commit for `git fast-import`, each on a ref of its own, so that it has only the parents that are named."""
    who = f"{author.name} <{author.email}>".encode()
    mark = marks[commit.oid]
    out = bytearray(b"commit refs/heads/remade-%d\nmark :%d\n" % (mark, mark))
    for role, line in ((b"author", commit.author), (b"committer", commit.committer)):
        when = _WHEN.search(line)
        out += b"%s %s %s\n" % (role, who, when[1] if when else b"0 +0000")
    out += b"data %d\n%s\n" % (len(told), told)
    for place, parent in enumerate(commit.parents):
        out += b"%s %s\n" % (b"merge" if place else b"from", b":%d" % marks[parent] if parent in marks else parent.encode())
    out += b"M 040000 %s \n\n" % commit.tree.encode()
    return bytes(out)
