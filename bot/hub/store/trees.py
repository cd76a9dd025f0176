"""Trees made of other trees, entry by entry, in an index of their own so that no two requests meet."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.hub.store import git

TREE = "040000"


@dataclass(frozen=True, kw_only=True)
class Entry:
    mode: str
    path: str
    sha: str | None
    """None takes the path out."""


def composed(repo: Path, base: str | None, entries: Iterable[Entry]) -> str:
    """`base` with the entries put in. Raises GitError for a path that git takes from nobody."""
    found = _files(repo, base) if base is not None else {}
    for entry in entries:
        parts = entry.path.split("/")
        if {part.lower() for part in parts} & {"", ".", "..", ".git"}:
            raise git.GitError(f"malformed path {entry.path}")  # git itself leaves such a path out without a word
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        found = {path: about for path, about in found.items() if path not in above and not f"{path}/".startswith(f"{entry.path}/")}
        if entry.sha is not None and entry.mode == TREE:
            found |= {f"{entry.path}/{path}": about for path, about in _files(repo, entry.sha).items()}
        elif entry.sha is not None:
            found[entry.path] = f"{entry.mode} {entry.sha}"
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        lines = "".join(f"{about}\t{path}\0" for path, about in found.items())
        git.git(repo, "update-index", "-z", "--index-info", text=lines.encode("utf-8", "surrogateescape"), env=index)
        return git.line(repo, "write-tree", env=index)


def _files(repo: Path, tree: str) -> dict[str, str]:
    """Mode and id of each file, by its path."""
    printed = git.git(repo, "ls-tree", "-r", "-z", tree).decode("utf-8", "surrogateescape")
    rows = (entry.split("\t", 1) for entry in printed.split("\0") if entry)
    return {path: " ".join(about.split()[::2]) for about, path in rows}
