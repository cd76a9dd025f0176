"""A person's own repository: read, never written, but for the one branch that a try ends with."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors.user_errors import UserError

BRANCH = "agent-1/project-1"
_MINE = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.file.allow": "always",
    "fetch.writeCommitGraph": "false",
}
"""So that looking starts nothing and leaves nothing behind. All else is as the person set their git up: it is their repository."""


_ELSEWHERE = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"}
)


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """As it stood when it was looked at."""

    root: Path
    head: str
    subject: str
    branch: str
    """The one that is checked out, or `main` for a detached head: the default branch of a copy."""
    dirty: int
    """Files with uncommitted changes."""

    def file(self, path: str) -> str:
        """As committed, and empty where it is not."""
        done = _git(self.root, "show", f"{self.head}:{path}")
        return done.stdout if done.returncode == 0 else ""

    def copy_to(self, bare: Path) -> None:
        """The commit and its history, as the default branch there."""
        _must(
            _git(
                self.root,
                *("push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed"),
                *(str(bare), f"{self.head}:refs/heads/{self.branch}"),
            ),
            f"{self.root} could not be copied",
        )

    def take_branch(self, bare: Path) -> None:
        """Creates the branch. Raises `UserError` where somebody made one of that name meanwhile: theirs stays."""
        refuse_taken(self.root)
        _must(
            _git(
                self.root,
                *("fetch", "--quiet", "--no-write-fetch-head", "--no-tags", "--no-prune", "--no-recurse-submodules"),
                *(str(bare), f"refs/heads/{BRANCH}:refs/heads/{BRANCH}"),
            ),
            f"Branch {BRANCH} could not be made in {self.root}",
        )

    def diff(self, *options: str) -> str:
        """What the branch changes."""
        done = _git(self.root, "diff", "--no-ext-diff", "--no-textconv", *options, f"{self.head}...refs/heads/{BRANCH}")
        return _must(done, "The diff could not be shown")

    def push(self, remote: str) -> None:
        """As the person would, with their credentials and hooks."""
        done = subprocess.run(
            ["git", "push", remote, f"refs/heads/{BRANCH}:refs/heads/{BRANCH}"],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
        )
        _must(done, f"Branch {BRANCH} is in {self.root}, but could not be pushed to {remote}")

    def remote(self) -> str:
        """Where `--push` goes: `origin`, or the only one there is. Raises `UserError`."""
        named = _git(self.root, "remote").stdout.split()
        if "origin" in named:
            return "origin"
        if len(named) == 1:
            return str(named[0])
        found = f"it has {', '.join(named)}" if named else "it has none"
        raise UserError(f"--push: {self.root} has no remote `origin`; {found}. Try without --push, and push {BRANCH} yourself.")


def look(path: Path) -> Checkout:
    """Raises `UserError` for what has no commit that could be copied."""
    if not path.is_dir():
        raise UserError(f"{path}: there is no such folder. Name a checkout of a git repository.")
    top = _git(path, "rev-parse", "--show-toplevel")
    if top.returncode != 0:
        if "not a git repository" not in top.stderr:
            raise UserError(f"git does not look into {path.absolute()}: {_last(top)}")
        raise UserError(f"{path.absolute()} is no checkout of a git repository. Name one, or make it one: git init, git add, git commit.")
    root = Path(top.stdout.rstrip("\n"))
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode != 0:
        raise UserError(f"{root} has no commit yet, and agents work on what is committed. Commit first: git add -A && git commit.")
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        raise UserError(f"{root} is a shallow clone, whose history cannot be copied. Fetch the rest first: git fetch --unshallow.")
    name = _git(root, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
    status = _must(_git(root, "status", "--porcelain", "--untracked-files=normal"), f"{root} could not be looked at")
    return Checkout(
        root=root,
        head=head.stdout.strip(),
        subject=_git(root, "log", "-1", "--format=%s").stdout.strip(),
        branch=name or "main",
        dirty=len(status.splitlines()),
    )


def refuse_taken(root: Path) -> None:
    """Also a branch `agent-1`, beside which git can make none below it."""
    folder = BRANCH.partition("/")[0]
    taken = _git(root, "for-each-ref", "--format=%(refname:short)", f"refs/heads/{BRANCH}", f"refs/heads/{folder}").stdout.split()
    for name in taken:
        if name in (BRANCH, folder):
            raise UserError(
                f"Branch {name} exists already in {root}, and nothing of yours is written over. "
                f"Rename it (git branch -m {name} <another name>) or delete it (git branch -D {name})."
            )


def _git(where: Path, *args: str) -> subprocess.CompletedProcess[str]:
    settings = [word for name, value in _MINE.items() for word in ("-c", f"{name}={value}")]
    try:
        return subprocess.run(
            ["git", "--no-optional-locks", *settings, *args],
            cwd=where,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=_environment(),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise UserError("git is not installed here. Install it: https://git-scm.com/downloads.") from None


def _environment() -> dict[str, str]:
    """Without what a hook or an alias of git would have it look at in place of the folder that was named."""
    return {
        **{name: value for name, value in os.environ.items() if name not in _ELSEWHERE},
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _must(done: subprocess.CompletedProcess[str], otherwise: str) -> str:
    if done.returncode != 0:
        raise UserError(f"{otherwise}: {_last(done)}")
    return done.stdout


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("hint:")]
    return " ".join(lines[-3:]) or f"git ended with {done.returncode}"
