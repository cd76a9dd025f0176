"""Real git on bare repositories: what the hub knows about code, it asks git."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ZERO = "0" * 40
OBJECT_NAME = re.compile(r"[0-9a-f]{40}\Z")

# Nothing of the machine's own git set-up may change how the hub answers.
ENVIRONMENT = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
}
SETTINGS = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogallrefupdates = false
[gc]
\tauto = 0
[http]
\treceivepack = true
[receive]
\tautogc = false
\tadvertiseatomic = true
\tadvertisePushOptions = true
\thiderefs = refs/pull
[uploadpack]
\tallowanysha1inwant = true
\tallowfilter = true
"""


class GitError(Exception):
    """Git said no; the text is what it printed."""


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    email: str
    date: str


@dataclass(frozen=True, kw_only=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


def run(repo: Path, *arguments: str, text: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """One git process, whatever it answers."""
    return subprocess.run(
        ["git", "-c", "core.quotePath=false", "-c", "safe.directory=*", "--git-dir", str(repo), *arguments],
        input=text,
        capture_output=True,
        env=ENVIRONMENT | (env or {}),
        check=False,
        start_new_session=True,  # Ctrl-C in a terminal is for the hub, which ends in order
    )


def git(repo: Path, *arguments: str, text: bytes = b"", env: dict[str, str] | None = None) -> bytes:
    done = run(repo, *arguments, text=text, env=env)
    if done.returncode:
        raise GitError(done.stderr.decode("utf-8", "replace").strip() or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout


def line(repo: Path, *arguments: str, text: bytes = b"", env: dict[str, str] | None = None) -> str:
    return git(repo, *arguments, text=text, env=env).decode("utf-8", "replace").strip()


def init(repo: Path, default_branch: str = "main") -> Path:
    """A bare repository that takes what GitHub takes: custom refs, atomic pushes, and fetches by object name."""
    for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (repo / part).mkdir(parents=True, exist_ok=True)
    (repo / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
    (repo / "config").write_text(SETTINGS)
    return repo


def refs(repo: Path, prefix: str = "refs/") -> dict[str, str]:
    listed = git(repo, "for-each-ref", "--format=%(objectname) %(refname)", *([prefix] if prefix != "refs/" else []))
    return {name: sha for sha, name in (row.split(" ", 1) for row in listed.decode().splitlines())}


def resolve(repo: Path, revision: str, kind: str = "commit") -> str | None:
    """The object that a revision names, or None; kind "" takes any object."""
    if revision.startswith("-") or ".." in revision or not revision:
        return None
    if kind == "commit" and (loose := _loose_branch(repo, revision)):
        return loose
    peel = f"^{{{kind}}}" if kind else "^{object}"
    if ":" in revision:  # after a colon everything is the path: there is no room to ask for a kind
        done = run(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        found = done.stdout.decode().strip() if done.returncode == 0 else ""
        return found if found and kind in ("", kind_of(repo, found)) else None
    done = run(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + peel)
    return done.stdout.decode().strip() or None if done.returncode == 0 else None


def _loose_branch(repo: Path, revision: str) -> str | None:
    # A file that holds an object name needs no process; anything else is git's to judge.
    if not revision.startswith("refs/heads/"):
        return None
    try:
        found = (repo / revision).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return found if OBJECT_NAME.match(found) else None


def kind_of(repo: Path, sha: str) -> str | None:
    if not OBJECT_NAME.match(sha):
        return None
    done = run(repo, "cat-file", "-t", sha)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def read(repo: Path, kind: str, name: str) -> bytes:
    return git(repo, "cat-file", kind, name)


def is_ancestor(repo: Path, older: str, newer: str) -> bool:
    return older == newer or run(repo, "merge-base", "--is-ancestor", older, newer).returncode == 0


def merge_base(repo: Path, one: str, other: str) -> str | None:
    done = run(repo, "merge-base", one, other)
    return done.stdout.decode().strip() or None


FORMAT = "--format=%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"


def log(
    repo: Path, *selection: str, limit: int | None = None, skip: int = 0, paths: tuple[str, ...] = (), oldest_first: bool = False
) -> list[Commit]:
    window = (
        (["--reverse"] if oldest_first else [])
        + ([f"--max-count={limit}"] if limit is not None else [])
        + ([f"--skip={skip}"] if skip else [])
    )
    printed = git(repo, "log", "-z", FORMAT, *window, "--end-of-options", *selection, "--", *paths)
    return [_commit(record) for record in printed.decode("utf-8", "replace").split("\0") if record]


def commit(repo: Path, revision: str) -> Commit | None:
    done = run(repo, "log", "-z", "-1", FORMAT, "--end-of-options", revision, "--")
    if done.returncode or not done.stdout:
        return None
    return _commit(done.stdout.decode("utf-8", "replace").rstrip("\0"))


def _commit(record: str) -> Commit:
    sha, tree, parents, *people, message = record.split("\n", 9)
    author = Person(name=people[0], email=people[1], date=utc(people[2]))
    committer = Person(name=people[3], email=people[4], date=utc(people[5]))
    return Commit(sha=sha, tree=tree, parents=tuple(parents.split()), author=author, committer=committer, message=message.rstrip("\n"))


def utc(stamp: str) -> str:
    """GitHub's API shows every commit date in UTC."""
    return datetime.fromisoformat(stamp).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identity(author: Person, committer: Person) -> dict[str, str]:
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": author.date,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": committer.date,
    }


def commit_tree(repo: Path, tree: str, parents: tuple[str, ...], message: str, author: Person, committer: Person) -> str:
    given = [argument for parent in parents for argument in ("-p", parent)]
    return line(repo, "commit-tree", tree, *given, text=message.encode(), env=identity(author, committer))


def changed_tree(repo: Path, base: str | None, written: Mapping[str, bytes], gone: Iterable[str] = ()) -> str:
    """The tree of a commit after files were written and removed, made in an index of its own so that no two requests meet.

    Raises GitError for a path that git takes from nobody, such as one with `..` or `.git` in it.
    """
    for path in written:
        if {part.lower() for part in path.split("/")} & {"", ".", "..", ".git"}:
            raise GitError(f"malformed path {path}")  # git itself leaves such a path out without a word
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        if base is not None:
            git(repo, "read-tree", base, env=index)
        entries = [f"0 {ZERO}\t{path}" for path in gone]
        entries += [f"100644 {line(repo, 'hash-object', '-w', '--stdin', text=text)}\t{path}" for path, text in written.items()]
        git(repo, "update-index", "--index-info", text="".join(f"{entry}\n" for entry in entries).encode(), env=index)
        return line(repo, "write-tree", env=index)


def check_out(repo: Path, revision: str, place: Path) -> None:
    """The files as they are at `revision`, into a new folder. By git, which writes through no link that the commit itself brings."""
    place.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        there = {"GIT_INDEX_FILE": str(Path(folder) / "index"), "GIT_WORK_TREE": str(place)}
        git(repo, "read-tree", "--end-of-options", revision, env=there)
        git(repo, "checkout-index", "--all", env=there)


def move(repo: Path, updates: list[tuple[str, str, str | None]]) -> None:
    """Ref changes (ref, new, expected old or None for whatever it is), all or none; a new of zeros deletes."""
    steps = ["start"]
    for ref, new, old in updates:
        if new == ZERO:
            steps.append(f"delete {ref}" + (f" {old}" if old else ""))
        else:
            steps.append(f"update {ref} {new}" + (f" {old}" if old else ""))
    git(repo, "update-ref", "--stdin", text="\n".join([*steps, "prepare", "commit", ""]).encode())


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What merging two commits gives: a tree, and the paths in conflict when there are some."""

    tree: str
    conflicts: tuple[str, ...] = ()


def merge_trees(repo: Path, ours: str, theirs: str) -> Merged:
    done = run(repo, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "--allow-unrelated-histories", ours, theirs)
    if done.returncode not in (0, 1):
        raise GitError(done.stderr.decode("utf-8", "replace").strip())
    tree, *conflicts = done.stdout.decode("utf-8", "replace").split("\0")
    return Merged(tree=tree.strip(), conflicts=tuple(dict.fromkeys(path for path in conflicts if path)))


def replay(repo: Path, commits: list[Commit], onto: str, committer: Person) -> str | None:
    """The tip after taking each commit over onto another one, as a rebase does; None at the first conflict."""
    tip = onto
    for change in commits:
        if len(change.parents) != 1:
            return None
        tree = line(repo, "rev-parse", f"{tip}^{{tree}}")
        # This git cannot be told the merge base, so a passing commit is made whose history has the right one.
        stand_in = commit_tree(repo, tree, change.parents, "stand-in", committer, committer)
        merged = merge_trees(repo, stand_in, change.sha)
        if merged.conflicts:
            return None
        tip = commit_tree(repo, merged.tree, (tip,), change.message, change.author, committer)
    return tip
