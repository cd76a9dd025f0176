"""What changed between two commits, file by file, as GitHub shows it: counts, patches, and which lines may carry a comment."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.hub.store import git

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    path: str
    status: str
    previous: str | None
    blob: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, kw_only=True)
class Totals:
    additions: int
    deletions: int
    files: int


def start_of(repo: Path, base: str, head: str) -> str:
    """Where a pull request's diff begins: GitHub compares the head with the merge base, not with the base's tip."""
    return git.merge_base(repo, base, head) or empty_tree(repo)


def empty_tree(repo: Path) -> str:
    return git.line(repo, "hash-object", "-t", "tree", "-w", "--stdin")


def diff_text(repo: Path, start: str, head: str) -> str:
    return git.git(repo, "diff", "-M", start, head, "--").decode("utf-8", "replace")


def patch_text(repo: Path, start: str | None, head: str) -> str:
    """Its commits as mails that `git am` takes; without a start, the head alone."""
    which = ("-1", head) if start is None else (f"{start}..{head}",)
    return git.git(repo, "format-patch", "--stdout", "--no-signature", "--binary", *which).decode("utf-8", "replace")


def totals(repo: Path, start: str, head: str) -> Totals:
    rows = git.git(repo, "diff", "-M", "--numstat", start, head, "--").decode("utf-8", "replace").splitlines()
    counts = [row.split("\t", 2)[:2] for row in rows]
    return Totals(
        additions=sum(int(added) for added, _ in counts if added != "-"),
        deletions=sum(int(removed) for _, removed in counts if removed != "-"),
        files=len(counts),
    )


def changed_files(repo: Path, start: str, head: str) -> list[ChangedFile]:
    printed = git.git(repo, "diff", "-M", "--raw", "--numstat", "--no-abbrev", "-z", start, head, "--").decode("utf-8", "replace")
    fields = iter(printed.split("\0"))
    raws: list[tuple[str, str, str | None, str]] = []
    counts: list[tuple[int, int]] = []
    for field in fields:
        if field.startswith(":"):
            _, _, old, new, mark = field.split(" ")
            moved = mark[0] in "RC"
            previous = next(fields) if moved else None
            raws.append((mark[0], next(fields), previous, old if mark[0] == "D" else new))
        elif field:
            added, removed, path = field.split("\t", 2)
            if not path:
                next(fields), next(fields)
            counts.append((int(added) if added != "-" else 0, int(removed) if removed != "-" else 0))
    patches = _patches(diff_text(repo, start, head), raws)
    return [
        ChangedFile(
            path=path, status=STATUSES.get(mark, "changed"), previous=previous, blob=blob, additions=added, deletions=removed, patch=patch
        )
        for (mark, path, previous, blob), (added, removed), patch in zip(raws, counts, patches, strict=True)
    ]


def _patches(text: str, raws: list[tuple[str, str, str | None, str]]) -> list[str | None]:
    sections = iter(text.split("\ndiff --git ") if text else [])
    found: list[str | None] = []
    for mark, *_ in raws:
        section = next(sections, "")
        if mark == "T":
            next(sections, "")  # a change of type is printed as a removal and an addition
        at = section.find("\n@@ ")
        found.append(section[at + 1 :].removesuffix("\n") if at >= 0 else None)
    return found


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    side: str
    number: int
    position: int
    hunk: str


def commentable_lines(patch: str | None) -> list[DiffLine]:
    """Each line of the patch a review comment may stand on; context lines count on both sides."""
    lines: list[DiffLine] = []
    old = new = 0
    shown: list[str] = []
    for position, text in enumerate((patch or "").split("\n")):
        if header := HUNK.match(text):
            old, new, shown = int(header[1]), int(header[3]), [text]
            continue
        shown.append(text)
        hunk = "\n".join(shown)
        if text.startswith(("-", " ")):
            lines.append(DiffLine(side="LEFT", number=old, position=position, hunk=hunk))
            old += 1
        if text.startswith(("+", " ")):
            lines.append(DiffLine(side="RIGHT", number=new, position=position, hunk=hunk))
            new += 1
    return lines


def line_in(patch: str | None, side: str, number: int) -> DiffLine | None:
    return next((line for line in commentable_lines(patch) if line.side == side and line.number == number), None)
