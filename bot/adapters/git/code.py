"""The repository's content for trusted code: read from git objects, given out as workspaces, taken in only after checks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.git.admission import admitted, brought
from bot.adapters.git.authorship import NotRemade, remade
from bot.adapters.git.process import EMPTY_TREE, Author, Mirror, blobs, checked_oid, git, last_words
from bot.core.evidence.shown_diff import LEFT_OUT, shown_diff
from bot.core.facts.project import Conflict
from bot.ports import Admitted, GitError

_LARGEST_BUNDLE = 50_000_000
_LARGEST_DIFF = 2_000_000
_MERGES_KEPT = 2_000
_LONGEST_HUNKS = 6_000


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
    _contained: dict[tuple[str, str], bool] = field(default_factory=dict)
    _merges: dict[tuple[str, str], str | Conflict] = field(default_factory=dict)
    _listed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of the last commit that was asked for, which is the base's for as long as that stays."""

    def files(self, commit: str, paths: Sequence[str]) -> Mapping[str, str]:
        asked = [path for path in paths if "\n" not in path]
        found = blobs(self.mirror, [f"{checked_oid(commit)}:{path}" for path in asked])
        return {path: data.decode("utf-8", "replace") for path, data in zip(asked, found, strict=True) if data is not None}

    def listing(self, commit: str) -> tuple[str, ...]:
        listed = self._listed.get(commit)
        if listed is None:
            names = self.mirror.git("ls-tree", "-r", "-z", "--name-only", checked_oid(commit)).text
            listed = tuple(name for name in names.split("\0") if name)
            self._listed.clear()
            self._listed[commit] = listed
        return listed

    def subjects(self, commit: str, most: int) -> tuple[str, ...]:
        return tuple(self.mirror.git("log", "--no-merges", "--format=%s", f"--max-count={most}", checked_oid(commit)).text.splitlines())

    def diff(self, base: str, head: str) -> str:
        """Past the limit the largest files are left out, and their names stand at the head of it, so that nobody takes it for all."""
        between = f"{checked_oid(base)}...{checked_oid(head)}"
        options = ("--no-color", "--no-ext-diff", "--no-textconv")
        # A git from 2.43 on reads attributes of a bare repository from its head, and `-diff` there would hide files from the reviewer.
        whole = git("diff", *options, between, cwd=self.mirror.path, config={"attr.tree": EMPTY_TREE}).text
        if len(whole) <= _LARGEST_DIFF:
            return whole
        files = shown_diff(whole).files
        left, out = len(whole), set()
        for one in sorted(files, key=lambda one: -len(one.text)):
            if left <= _LARGEST_DIFF:
                break
            out.add(one.path)
            left -= len(one.text)
        names = "\n".join(f"{LEFT_OUT}{one.path}" for one in files if one.path in out)
        return f"{names}\n{''.join(one.text for one in files if one.path not in out)}"

    def merged(self, base: str, head: str) -> str | Conflict:
        tree = self._merge(base, head)
        return tree if isinstance(tree, Conflict) else self._commit(tree, (base, head), "The merge result, for looking at")

    def updated(self, head: str, base: str, message: str) -> str | Conflict:
        tree = self._merge(head, base)
        return tree if isinstance(tree, Conflict) else self._commit(tree, (head, base), message)

    def _commit(self, tree: str, parents: tuple[str, str], message: str) -> str:
        first, second = parents
        return self.mirror.git("commit-tree", tree, "-p", first, "-p", second, "-m", message).text.strip()

    def _merge(self, ours: str, theirs: str) -> str | Conflict:
        """The tree of the merge. What two commits come to never changes, and is asked at each look: so it is kept."""
        known = self._merges.get((ours, theirs))
        if known is None:
            if len(self._merges) >= _MERGES_KEPT:
                self._merges.clear()
            known = self._merges[ours, theirs] = self._merge_tree(ours, theirs)
        return known

    def _merge_tree(self, ours: str, theirs: str) -> str | Conflict:
        sides = (checked_oid(ours), checked_oid(theirs))
        done = self.mirror.git("merge-tree", "--write-tree", "--name-only", "--no-messages", *sides, check=False)
        tree, *names = done.text.splitlines() or [""]
        if done.code == 0:
            return tree
        if done.code != 1:
            raise GitError(f"git merge-tree failed: {done.err.strip()[-300:]}")
        paths = tuple(dict.fromkeys(name for name in names if name))
        contents = blobs(self.mirror, [f"{tree}:{path}" for path in paths])
        marked = {path: data.decode("utf-8", "replace") for path, data in zip(paths, contents, strict=True) if data is not None}
        return Conflict(
            paths=paths, hunks="\n".join(hunk for path, text in marked.items() for hunk in conflict_hunks(path, text))[:_LONGEST_HUNKS]
        )

    def contains(self, ancestor: str, descendant: str) -> bool:
        known = self._contained.get((ancestor, descendant))
        if known is None:
            if len(self._contained) >= _MERGES_KEPT:
                self._contained.clear()
            done = self.mirror.git("merge-base", "--is-ancestor", checked_oid(ancestor), checked_oid(descendant), check=False)
            if done.code > 1:
                return False  # one of them is not here yet: nothing to remember
            known = self._contained[ancestor, descendant] = done.code == 0
        return known

    def workspace(
        self, commit: str, *, branch: str | None, author: str, beside: str | None = None, restored: Sequence[str] = ()
    ) -> Checkout:
        """A full copy of the commit's history: nothing in it points back at the mirror, so a run cannot reach or spoil that."""
        self.workspaces.mkdir(parents=True, exist_ok=True)
        checkout = Checkout(path=Path(tempfile.mkdtemp(prefix="run-", dir=self.workspaces)) / "repository")
        checkout.path.mkdir()
        try:
            git("init", "--quiet", ".", cwd=checkout.path)
            start = [f"{checked_oid(commit)}:refs/groundskeeper/start"]
            start += [f"{checked_oid(beside)}:refs/groundskeeper/base"] if beside is not None else []
            with self.mirror.lock:
                git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.mirror.path.resolve(), *start, cwd=checkout.path)
            where = ("-B", branch) if branch is not None else ("--detach",)
            git("checkout", "--quiet", *where, "refs/groundskeeper/start", cwd=checkout.path)
            if restored:
                git("checkout", "--quiet", "refs/groundskeeper/base", "--", *(f":(literal){path}" for path in restored), cwd=checkout.path)
            for key, value in (("user.name", author), ("user.email", f"{author}@groundskeeper.invalid")):
                git("config", key, value, cwd=checkout.path)
        except BaseException:
            checkout.close()
            raise
        return checkout

    def admit(self, bundle: bytes, *, base: str, head: str, known: str | None = None, agent: int | None = None) -> Admitted | str:
        """Looked through in a quarantine first; what is refused never comes into the mirror, and the rest as the worker's own commits."""
        if len(bundle) > _LARGEST_BUNDLE:
            return f"the bundle has {len(bundle):,} bytes; the most is {_LARGEST_BUNDLE:,}"
        checked_oid(base)
        with tempfile.TemporaryDirectory(prefix="admit-") as place:
            file = Path(place) / "run.bundle"
            file.write_bytes(bundle)
            apart = _quarantine(Path(place) / "quarantine.git", self.mirror, base)
            try:
                looked, ours = _looked_through(apart, file, base, head, known, self.mirror.author, agent)
            except (GitError, NotRemade, LookupError, ValueError) as trouble:  # what a run made may be anything, and ends only that run
                return f"it cannot be looked through: {trouble}"
            if isinstance(looked, str) or looked.secrets:
                return looked
            # git checks objects that come by a fetch from a repository, yet not those of a bundle: so the check is here.
            with self.mirror.lock:
                fetched = git(
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", apart.path, f"+{ours}:refs/admitted/{ours}",
                    cwd=self.mirror.path, check=False, config={"transfer.fsckObjects": "true"},
                )  # fmt: skip
            return replace(looked, head=ours) if fetched.code == 0 else f"git does not accept its objects: {last_words(fetched)}"


def _looked_through(
    apart: Mirror, file: Path, base: str, head: str, known: str | None, author: Author, agent: int | None
) -> tuple[Admitted | str, str]:
    """What is to be said of them, and the head once they are the worker's own."""
    refusal = _unbundled(apart, file, head)
    if refusal is not None:
        return refusal, head
    looked = admitted(apart, base, head, known)
    if isinstance(looked, str) or looked.secrets:
        return looked, head
    return looked, remade(apart, brought(base, head, known), author, agent).get(head, head)


def conflict_hunks(path: str, text: str) -> list[str]:
    """The places between git's conflict marks, each under its path."""
    found: list[str] = []
    lines: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("<<<<<<< "):
            lines = []
        if lines is not None:
            lines.append(line)
        if line.startswith(">>>>>>> ") and lines is not None:
            found.append("\n".join([f"{path}:", *lines]))
            lines = None
    return found


def _quarantine(path: Path, mirror: Mirror, base: str) -> Mirror:
    path.mkdir()
    git("init", "--quiet", "--bare", ".", cwd=path)
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=path)
    (path / "objects/info/alternates").write_text(f"{(mirror.path / 'objects').resolve()}\n")
    git("update-ref", "refs/heads/base", base, cwd=path)
    return Mirror(path=path, remote="", bounded=True)


def _unbundled(apart: Mirror, file: Path, head: str) -> str | None:
    heads = apart.git("bundle", "list-heads", file, check=False)
    ref = next((name for oid, _, name in (line.partition(" ") for line in heads.text.splitlines()) if oid == head), None)
    if heads.code != 0 or ref is None:
        return "it is no git bundle that has the commit it names"
    fetched = apart.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", file, f"+{ref}:refs/heads/new", check=False)
    return None if fetched.code == 0 else f"git does not accept its objects: {last_words(fetched)}"
