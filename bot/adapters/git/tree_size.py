"""How many paths commits change, counted on the trees themselves and given up early: a kilobyte of trees can name billions of paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bot.adapters.git.process import Mirror, blobs

_TREE = b"40000"
_MOST_ENTRIES = 2_000_000


class TooMany(Exception):
    """More than was asked for; nobody counts on."""


@dataclass(kw_only=True)
class _Trees:
    """Trees as they were read, each once."""

    apart: Mirror
    most: int
    read: dict[str, dict[bytes, tuple[bytes, str]]] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)
    entries: int = 0

    def read_all(self, oids: Sequence[str]) -> None:
        for oid, data in zip(oids, blobs(self.apart, oids, kind=b"tree"), strict=True):
            self._keep(oid, data or b"")

    def entries_of(self, oid: str) -> dict[bytes, tuple[bytes, str]]:
        if oid not in self.read:
            self._keep(oid, self.apart.git("cat-file", "tree", oid).out)
        return self.read[oid]

    def _keep(self, oid: str, data: bytes) -> None:
        self.read[oid] = dict(_entries(data))
        self.entries += len(self.read[oid])
        if self.entries > _MOST_ENTRIES:
            raise TooMany

    def all_below(self, oid: str) -> int:
        """Every path below a tree; a tree that stands in many places is counted once and added often."""
        if oid not in self.whole:
            total = 0
            for mode, child in self.entries_of(oid).values():
                total += self.all_below(child) if mode == _TREE else 1
                if total > self.most:
                    raise TooMany
            self.whole[oid] = total
        return self.whole[oid]

    def changed(self, before: str | None, after: str) -> int:
        if before is None:
            return self.all_below(after)
        if before == after:
            return 0
        old, new = self.entries_of(before), self.entries_of(after)
        total = 0
        for name in old.keys() | new.keys():
            was, now = old.get(name), new.get(name)
            if was == now:
                continue
            if was is not None and now is not None and was[0] == now[0] == _TREE:
                total += self.changed(was[1], now[1])
            else:
                total += sum(self.all_below(oid) if mode == _TREE else 1 for mode, oid in (one for one in (was, now) if one))
            if total > self.most:
                raise TooMany
        return total


def too_many_paths(apart: Mirror, new: Sequence[str], most: int) -> bool:
    """Whether the commits that `git rev-list` finds by `new`, each compared with its parents, touch more paths than `most` together."""
    trees = _Trees(apart=apart, most=most)
    total = 0
    try:
        trees.read_all(_new_trees(apart, new))
        for after, befores in _trees_of_commits(apart, new):
            for before in befores or [None]:
                total += trees.changed(before, after)
                if total > most:
                    return True
    except (TooMany, RecursionError):
        return True
    return False


def _new_trees(apart: Mirror, new: Sequence[str]) -> list[str]:
    listed = apart.git("rev-list", "--objects", *new).out.splitlines()
    names = b"".join(line[:40] + b"\n" for line in listed)
    kinds = apart.git("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=names).text.splitlines()
    return [oid for oid, _, kind in (line.partition(" ") for line in kinds) if kind == "tree"]


def _trees_of_commits(apart: Mirror, new: Sequence[str]) -> Iterator[tuple[str, list[str | None]]]:
    """The tree of each commit and those of its parents."""
    families = [line.split() for line in apart.git("rev-list", "--parents", *new).text.splitlines()]
    asked = "".join(f"{oid}^{{tree}}\n" for family in families for oid in family)
    trees = iter(apart.git("cat-file", "--batch-check=%(objectname)", stdin=asked.encode()).text.splitlines())
    for family in families:
        tree, *parents = islice(trees, len(family))
        yield tree, list(parents)


def _entries(data: bytes) -> Iterator[tuple[bytes, tuple[bytes, str]]]:
    """https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects"""
    at = 0
    while at < len(data):
        zero = data.index(b"\0", at)
        mode, _, name = data[at:zero].partition(b" ")
        yield name, (mode.lstrip(b"0"), data[zero + 1 : zero + 21].hex())
        at = zero + 21
