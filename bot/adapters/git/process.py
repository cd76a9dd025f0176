"""Running git so that nothing on this machine or in the repository can steer it, and no credential shows up anywhere."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bot.core.errors.user_errors import UserError
from bot.ports import GitError

OLDEST = (2, 38)
"""The first with `git merge-tree --write-tree`: https://github.com/git/git/blob/master/Documentation/RelNotes/2.38.0.txt"""
_KEPT = (
    "PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
)
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.file.allow": "always",
    "advice.detachedHead": "false",
    "core.quotePath": "false",
    "init.templateDir": "",
    "init.defaultBranch": "main",
}


EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_BOUNDS = 'ulimit -d 1500000; ulimit -t 120; ulimit -f 2000000; exec "$@"'
"""Of a git that reads what an untrusted run made: memory of its own (in KiB), seconds of computing, and the largest file (in 512 bytes)."""
_OID = re.compile(r"[0-9a-f]{40}")
_USER_IN_URL = re.compile(r"(?<=://)[^@/\s]+(?=@)")


@dataclass(frozen=True, kw_only=True)
class Author:
    """As whom commits are made. `NAME@users.noreply.github.com` would be the account NAME: so nothing here makes such an address up."""

    name: str
    email: str


NOBODY = Author(name="groundskeeper", email="groundskeeper@groundskeeper.invalid")
"""Where it does not matter, or nobody knows yet: https://www.rfc-editor.org/rfc/rfc2606 keeps the domain for nobody."""


class NoAnswer(GitError):
    """git did not come back in time: what it was to do may have been done, or may be done yet."""


@dataclass(frozen=True, kw_only=True)
class Done:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


def git(
    *args: str | Path,
    cwd: Path,
    stdin: bytes = b"",
    timeout: float = 120,
    check: bool = True,
    config: Mapping[str, str] | None = None,
    author: Author = NOBODY,
    stdout: IO[bytes] | None = None,
    bounded: bool = False,
) -> Done:
    """Raises `GitError` on a non-zero exit (where `check`), a timeout, or a git that is not there.

    What may be large goes to `stdout`; `bounded` limits what git may use.
    """
    settings = {**_CONFIG, **(config or {})}
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    env |= {
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for place, (key, value) in enumerate(settings.items()):
        env |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    command = [*(("sh", "-c", _BOUNDS, "sh") if bounded else ()), "git", *map(str, args)]
    try:
        # A group of its own: Ctrl-C in a terminal goes to the whole group, and would end a push beside which this process goes on.
        done = subprocess.run(
            command, cwd=cwd, input=stdin, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=timeout,
            check=False, process_group=0,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"git {args[0]} gave no answer within {timeout:.0f} s") from None
    except FileNotFoundError:
        raise GitError("git is not installed here, or the directory is gone") from None
    result = Done(code=done.returncode, out=done.stdout or b"", err=done.stderr.decode("utf-8", "replace"))
    if check and result.code != 0:
        raise GitError(f"git {args[0]} failed: {last_words(result)}")
    return result


def last_words(done: Done) -> str:
    lines = [line for line in done.err.splitlines() if line.strip()]
    return _USER_IN_URL.sub("***", "; ".join(lines[-3:])) or f"exit status {done.code}"


def checked_oid(text: str) -> str:
    """What comes from outside and is to be an argument: a whole commit id, so never an option or another name."""
    if not _OID.fullmatch(text):
        raise GitError(f"{text[:60]!r} is no commit id")
    return text


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """A bare copy of the remote, shared by all threads of this process; `token` is asked for each use, since tokens expire."""

    path: Path
    remote: str
    token: Callable[[], str] | None = None
    author: Author = NOBODY
    lock: threading.RLock = field(default_factory=threading.RLock)
    stall: int = 120
    """Seconds of a server's silence that end a transfer; one that goes on may take as long as a large repository does."""
    bounded: bool = False
    """Whether it holds what an untrusted run made: then git may use no more than a share of the machine."""

    def git(self, *args: str | Path, stdin: bytes = b"", check: bool = True, timeout: float = 120, stdout: IO[bytes] | None = None) -> Done:
        return git(*args, cwd=self.path, stdin=stdin, check=check, timeout=timeout, author=self.author, stdout=stdout, bounded=self.bounded)

    def remote_git(self, *args: str | Path, check: bool = True, timeout: float = 3 * 3600) -> Done:
        """With credentials, which go by the environment into one header: never into an argument, a URL or a file."""
        patience = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(self.stall)}
        return git(*args, cwd=self.path, check=check, timeout=timeout, config={**self._credentials(), **patience})

    def _credentials(self) -> Mapping[str, str]:
        if self.token is None:
            return {}
        basic = base64.b64encode(f"x-access-token:{self.token()}".encode()).decode()
        return {f"http.{self.remote}.extraHeader": f"Authorization: Basic {basic}"}


def too_old(told: str) -> bool:
    """By the words of `git --version`; what says no version counts as too old."""
    match = re.search(r"(\d+)\.(\d+)", told)
    return match is None or (int(match[1]), int(match[2])) < OLDEST


def open_mirror(path: Path, remote: str, *, token: Callable[[], str] | None = None, author: Author = NOBODY) -> Mirror:
    """Raises `UserError` for a git that would pass over the settings above, credentials and the ban on hooks among them."""
    path.mkdir(parents=True, exist_ok=True)
    told = git("--version", cwd=path).text.strip()
    if too_old(told):
        raise UserError(f"git is too old: {told}. Install git {OLDEST[0]}.{OLDEST[1]} or newer (https://git-scm.com/downloads).")
    if not (path / "HEAD").exists():
        git("init", "--quiet", "--bare", ".", cwd=path)
        # In the file, since git hands no environment's configuration on to the process that serves a local fetch.
        git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=path)
    return Mirror(path=path, remote=remote, token=token, author=author)


def blobs(mirror: Mirror, names: Sequence[str], *, kind: bytes = b"blob") -> list[bytes | None]:
    """The content of each `<commit>:<path>` in one process; None where it is not there or no file."""
    if not names:
        return []
    out = mirror.git("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).out
    found: list[bytes | None] = []
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        head, at = out[at:end], end + 1
        if head.endswith(b" missing") or b" ambiguous" in head:
            found.append(None)
            continue
        _, found_kind, size = head.rsplit(b" ", 2)
        content, at = out[at : at + int(size)], at + int(size) + 1
        found.append(content if found_kind == kind else None)
    return found
