"""The repository's content for trusted code: read from git objects, given out as workspaces, taken in only after checks."""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.git.process import Mirror, blobs, git
from bot.ports import Admitted, Conflict, GitTrouble

_LARGEST_BUNDLE = 50_000_000
_LARGEST_DIFF = 400_000
_MOST_COMMITS = 500
_SYMLINK, _GITLINK = "120000", "160000"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A workspace in a directory of its own."""

    path: Path

    def close(self) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class GitCode:
    mirror: Mirror
    workspaces: Path

    def files(self, commit: str, paths: Sequence[str]) -> Mapping[str, str]:
        with self.mirror.lock:
            found = blobs(self.mirror, [f"{commit}:{path}" for path in paths if "\n" not in path])
        return {path: data.decode("utf-8", "replace") for path, data in zip(paths, found, strict=False) if data is not None}

    def listing(self, commit: str) -> tuple[str, ...]:
        return tuple(name for name in self.mirror.git("ls-tree", "-r", "-z", "--name-only", commit).text.split("\0") if name)

    def diff(self, base: str, head: str) -> str:
        return self.mirror.git("diff", "--no-color", "--no-ext-diff", "--no-textconv", f"{base}...{head}").text[:_LARGEST_DIFF]

    def merged(self, base: str, head: str) -> str | Conflict:
        done = self.mirror.git("merge-tree", "--write-tree", "--name-only", "--no-messages", base, head, check=False)
        tree, *paths = done.text.splitlines() or [""]
        if done.code == 1:
            return Conflict(paths=tuple(dict.fromkeys(path for path in paths if path)))
        if done.code != 0:
            raise GitTrouble(f"git merge-tree failed: {done.err.strip()[-300:]}")
        return self.mirror.git("commit-tree", tree, "-p", base, "-p", head, "-m", "The merge result, for looking at").text.strip()

    def contains(self, ancestor: str, descendant: str) -> bool:
        return self.mirror.git("merge-base", "--is-ancestor", ancestor, descendant, check=False).code == 0

    def workspace(self, commit: str, *, branch: str | None, author: str) -> Checkout:
        self.workspaces.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix="run-", dir=self.workspaces)) / "repository"
        path.mkdir()
        local = branch or "judged"
        git("init", "--quiet", f"--initial-branch={local}", ".", cwd=path)
        with self.mirror.lock:
            git("fetch", "--quiet", "--no-tags", self.mirror.path, f"{commit}:refs/groundskeeper/start", cwd=path)
        git("checkout", "--quiet", "-B", local, "refs/groundskeeper/start", cwd=path)
        for key, value in (("user.name", author), ("user.email", f"{author}@users.noreply.github.com")):
            git("config", key, value, cwd=path)
        return Checkout(path=path)

    def admit(self, bundle: bytes, *, base: str, head: str) -> Admitted | str:
        if len(bundle) > _LARGEST_BUNDLE:
            return f"the bundle has {len(bundle):,} bytes; the most is {_LARGEST_BUNDLE:,}"
        with tempfile.TemporaryDirectory(prefix="admit-") as place, self.mirror.lock:
            file = Path(place) / "run.bundle"
            file.write_bytes(bundle)
            heads = self.mirror.git("bundle", "list-heads", file, check=False)
            ref = next((line.split(" ", 1)[1] for line in heads.text.splitlines() if line.startswith(head)), None)
            if heads.code != 0 or ref is None:
                return "it is no git bundle that has the commit it names"
            fetched = self.mirror.git(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", file, f"+{ref}:refs/admitted/{head}", check=False
            )
            if fetched.code != 0:
                return f"git does not accept its objects: {fetched.err.strip()[-200:]}"
        return self._looked_through(base, head)

    def _looked_through(self, base: str, head: str) -> Admitted | str:
        if not self.contains(base, head):
            return "its commits do not build on the commit that the run started from"
        commits = self.mirror.git("rev-list", f"{base}..{head}").text.split()
        if len(commits) > _MOST_COMMITS:
            return f"it has {len(commits)} commits; the most is {_MOST_COMMITS}"
        raw = self.mirror.git("log", "--format=", "--raw", "-z", "-m", "--no-renames", "--no-abbrev", f"{base}..{head}").text
        raw += self.mirror.git("diff", "--raw", "-z", "--no-renames", "--no-abbrev", base, head).text
        paths: set[str] = set()
        parts = iter(part for part in raw.split("\0") if part)
        for entry in parts:
            mode, oid, path = entry.split(" ")[1], entry.split(" ")[3], next(parts)
            paths.add(path)
            if mode == _GITLINK:
                return f"{path} is a submodule; only a person may add one"
            if mode == _SYMLINK and self._leaves(path, oid):
                return f"{path} is a link that leads out of the repository"
        return Admitted(head=head, paths=tuple(sorted(paths)), commits=len(commits))

    def _leaves(self, path: str, oid: str) -> bool:
        target = self.mirror.git("cat-file", "blob", oid).text
        return target.startswith("/") or posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).startswith("..")
