"""What trusted code asks of commits that a run hands in, before they may come anywhere near the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from bot.adapters.git.added_text import added_texts
from bot.adapters.git.process import Mirror, blobs
from bot.adapters.git.tree_size import too_many_paths
from bot.adapters.secret_scan import secrets_in
from bot.core.evidence.weakening import FileChange, judges
from bot.ports import Admitted

_MOST_COMMITS = 500
_MOST_PATHS = 50_000
_MOST_JUDGING = 2_000
_MOST_READ = 1_000_000
_LARGEST_FILE = 20_000_000
_LARGEST_WHOLE = 200_000_000
"""Of the new objects once unpacked: a few kilobytes of bundle can hold gigabytes of zeros."""
_SYMLINK, _GITLINK = "120000", "160000"


def admitted(apart: Mirror, base: str, head: str, known: str | None = None) -> Admitted | str:
    """Why they are refused, or what they touch on the way: a file that is added and taken away again counts too.

    Where the default branch was merged in, only what the merge itself decided counts, not what came from there.
    """
    if apart.git("merge-base", "--is-ancestor", base, head, check=False).code != 0:
        return "its commits do not build on the commit that the run started from"
    new = brought(base, head, known)
    commits = apart.git("rev-list", *new).text.split()
    if len(commits) > _MOST_COMMITS:
        return f"it has {len(commits)} commits; the most is {_MOST_COMMITS}"
    too_large = _too_large(apart, new)
    if too_large is not None:
        return too_large
    if too_many_paths(apart, new, _MOST_PATHS):
        return f"it touches more than {_MOST_PATHS:,} paths"
    merged = known is not None and apart.git("merge-base", "--is-ancestor", known, head, check=False).code == 0
    raw = apart.git("log", "--format=", "--raw", "-z", "-c", "--no-renames", "--no-abbrev", *new).text
    raw += apart.git("diff", "--raw", "-z", "--no-renames", "--no-abbrev", known if merged and known is not None else base, head).text
    paths: set[str] = set()
    parts = iter(part for part in raw.split("\0") if part)
    for entry in parts:
        mode, oid = _after(entry)
        path = next(parts)
        paths.add(path)
        if mode == _GITLINK:
            return f"{path} is a submodule; only a person may add one"
        if mode == _SYMLINK and leads_out(path, apart.git("cat-file", "blob", oid).text):
            return f"{path} is a link that leads out of the repository"
    start = known if merged and known is not None else base
    secrets = secrets_in(added_texts(apart, start, head, new))
    return Admitted(
        head=head, paths=tuple(sorted(paths)), commits=len(commits), secrets=secrets, judging=_judging(apart, known or base, head)
    )


def _judging(apart: Mirror, base: str, head: str) -> tuple[FileChange, ...]:
    """Against where the whole branch began, and not this run alone: what one run takes away must not be forgotten by the next."""
    start = apart.git("merge-base", base, head).text.strip()
    names = apart.git("diff", "--name-only", "-z", "--no-renames", start, head).text.split("\0")
    paths = [path for path in names if path and "\n" not in path and judges(path)][:_MOST_JUDGING]
    before, after = (blobs(apart, [f"{commit}:{path}" for path in paths]) for commit in (start, head))
    return tuple(FileChange(path=path, before=_text(was), after=_text(now)) for path, was, now in zip(paths, before, after, strict=True))


def _text(data: bytes | None) -> str | None:
    return data[:_MOST_READ].decode("utf-8", "replace") if data is not None else None


def brought(base: str, head: str, known: str | None) -> list[str]:
    """For `git rev-list`: the commits that were not there before."""
    return [f"{base}..{head}", *([f"^{known}"] if known is not None else [])]


def _after(entry: str) -> tuple[str, str]:
    """Mode and blob that a raw line ends with: one colon, one mode and one blob for each parent, then the result's."""
    parents = len(entry) - len(entry.lstrip(":"))
    fields = entry.lstrip(":").split(" ")
    return fields[parents], fields[2 * parents + 1]


def _too_large(apart: Mirror, new: Sequence[str]) -> str | None:
    objects = apart.git("rev-list", "--objects", *new).out
    names = b"".join(line[:40] + b"\n" for line in objects.splitlines())
    sizes = [int(size) for size in apart.git("cat-file", "--batch-check=%(objectsize)", stdin=names).text.split()]
    if max(sizes, default=0) > _LARGEST_FILE:
        return f"a file in it has {max(sizes):,} bytes; the most is {_LARGEST_FILE:,}"
    if sum(sizes) > _LARGEST_WHOLE:
        return f"its content comes to {sum(sizes):,} bytes; the most is {_LARGEST_WHOLE:,}"
    return None


def leads_out(path: str, target: str) -> bool:
    """A way up after a way down is refused as well: what was gone down may itself be a link, and lead elsewhere than it says."""
    steps = [step for step in target.split("/") if step not in ("", ".")]
    down = next((place for place, step in enumerate(steps) if step != ".."), len(steps))
    if target.startswith("/") or ".." in steps[down:] or ".git" in (step.casefold() for step in steps):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] == ".."
