"""Where commands run that a model asked for: in bubblewrap, or, where somebody wrote that down as their wish, with nothing around them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from bot.adapters.sandbox_process import Limits, run_limited
from bot.core.errors.user_errors import UserError
from bot.ports import Outcome

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "java-17-openjdk", "java-21-openjdk")
"""What programs need of /etc and what is the same on every machine; no accounts, no hosts, no configuration of this one."""
_FIRST_UID, _UIDS = 61_184, 4_336
"""The range that systemd sets aside for users made for one service, so nobody's own files carry one of them."""
_HOME = "/tmp/home"  # noqa: S108 — inside the sandbox, on a tmpfs of its own


@dataclass(frozen=True, kw_only=True)
class Bubblewrap:
    limits: Limits = field(default_factory=Limits)

    @property
    def isolating(self) -> bool:
        return True

    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        how = _how()
        if how.why_not is not None:
            raise UserError(how.why_not)
        uid = _handed_over(workspace) if how.drops_root else os.getuid()
        gid = uid if how.drops_root else os.getgid()
        accounts = f"sandbox:x:{uid}:{gid}:sandbox:{_HOME}:/bin/sh\n", f"sandbox:x:{gid}:\n"
        files = [_held(text) for text in accounts]
        try:
            return run_limited(
                [
                    *_frame(how),
                    *(*_perms(how, "0644"), "--ro-bind-data", str(files[0]), "/etc/passwd"),
                    *(*_perms(how, "0644"), "--ro-bind-data", str(files[1]), "/etc/group"),
                    *("--bind" if writable else "--ro-bind", str(workspace.resolve()), "/workspace", "--chdir", "/workspace"),
                    *_variables(environment),
                    "--",
                    *(_dropped(uid) if how.drops_root else ()),
                    *_limited(self.limits, timeout, processes=True),
                    *command,
                ],
                cwd=Path("/"),
                environment={"PATH": os.defpath},
                stdin=stdin,
                timeout=timeout,
                cancelled=cancelled,
                limits=self.limits,
                pass_fds=files,
            )
        finally:
            for each in files:
                os.close(each)


@dataclass(frozen=True, kw_only=True)
class Unsandboxed:
    """A clean environment and limits, but nothing that separates the command from this machine."""

    limits: Limits = field(default_factory=Limits)

    @property
    def isolating(self) -> bool:
        return False

    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,  # noqa: ARG002 — nothing here can enforce it
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="home-") as home:
            return run_limited(
                # A limit on processes would count every process of this user, not only the command's.
                [*(_limited(self.limits, timeout, processes=False) if shutil.which("prlimit") else ()), *command],
                cwd=workspace,
                environment={"PATH": _path(), "HOME": home, "LANG": "C.UTF-8", **environment},
                stdin=stdin,
                timeout=timeout,
                cancelled=cancelled,
                limits=self.limits,
            )


def available() -> str | None:
    """None where bubblewrap can isolate commands here; else why it cannot, and how to mend that."""
    return _how().why_not


@dataclass(frozen=True, kw_only=True)
class _How:
    """What this machine allows. Root sets the sandbox up and then gives up being root inside it, since limits on processes do not
    hold for root; where even root may not mount, and for everybody else, a user namespace is used."""

    why_not: str | None = None
    user_namespace: bool = False
    drops_root: bool = False
    options: frozenset[str] = frozenset()


@cache
def _how() -> _How:
    if missing := [tool for tool in ("bwrap", "prlimit") if shutil.which(tool) is None]:
        package = "bubblewrap" if "bwrap" in missing else "util-linux"
        return _How(why_not=f"{missing[0]} is not installed; install {package} (Debian, Ubuntu: apt install {package}).")
    told = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    options = frozenset(word for word in (told.stdout + told.stderr).split() if word.startswith("--"))
    ways = [_How(user_namespace=True, options=options)]
    if os.geteuid() == 0 and shutil.which("setpriv") is not None:
        ways.insert(0, _How(drops_root=True, options=options))
    words = ""
    for way in ways:
        tried = subprocess.run(
            [*_frame(way), "--", *(_dropped(_FIRST_UID) if way.drops_root else ()), "true"], capture_output=True, text=True, check=False
        )
        if tried.returncode == 0:
            return way
        words = " ".join(tried.stderr.split())[:200]
    return _How(
        why_not=f"bwrap cannot start here ({words}). It needs user namespaces: on Ubuntu 24.04 set"
        " kernel.apparmor_restrict_unprivileged_userns=0 (or give bwrap an AppArmor profile), on older Debian"
        " kernel.unprivileged_userns_clone=1, in a container allow it to make namespaces."
    )


def _frame(how: _How) -> list[str]:
    frame = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    frame += ["--unshare-user"] if how.user_namespace else []
    frame += ["--disable-userns"] if how.user_namespace and "--disable-userns" in how.options else []
    frame += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
    frame += ["--ro-bind", "/usr", "/usr"]
    for place in map(Path, _SYSTEM):
        if place.is_symlink():
            frame += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            frame += ["--ro-bind", str(place), str(place)]
    frame += _directory(how, "/etc")
    for name in _ETC:
        frame += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    frame += ["--proc", "/proc", "--dev", "/dev"]
    for temporary in ("/tmp", "/dev/shm"):  # noqa: S108 — inside the sandbox
        frame += [*_perms(how, "1777"), "--tmpfs", temporary]
    frame += _directory(how, _HOME, "1777")
    for prefix in _interpreters():
        for above in reversed(Path(prefix).parents[:-1]):
            frame += _directory(how, str(above)) if str(above) != "/tmp" else []  # noqa: S108 — it is there already
        frame += ["--ro-bind", prefix, prefix]
    return frame


def _perms(how: _How, mode: str) -> tuple[str, ...]:
    return ("--perms", mode) if "--perms" in how.options else ()


def _directory(how: _How, path: str, mode: str = "0755") -> list[str]:
    """Made by name, since bubblewrap gives to nobody but root the directories that it makes on the way to a mount."""
    return [*_perms(how, mode), "--dir", path]


def _interpreters() -> tuple[str, ...]:
    """The Python that runs us, where it is not part of the system; its outermost directories only, base before the environment on it."""
    prefixes = dict.fromkeys([str(Path(sys.base_prefix).resolve()), str(Path(sys.prefix).resolve())])
    return tuple(prefix for prefix in prefixes if not Path(prefix).is_relative_to("/usr") and prefix != "/")


def _path() -> str:
    return f"{Path(sys.prefix).resolve()}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _variables(environment: Mapping[str, str]) -> list[str]:
    told = {"PATH": _path(), "HOME": _HOME, "LANG": "C.UTF-8", "TMPDIR": "/tmp", **environment}  # noqa: S108 — inside the sandbox
    return ["--clearenv", *(part for name, value in told.items() for part in ("--setenv", name, value))]


def _dropped(uid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"]


def _limited(limits: Limits, timeout: timedelta, *, processes: bool) -> list[str]:
    seconds = 4 * int(timeout.total_seconds()) + 60
    limit = ["prlimit", f"--data={limits.memory}", f"--fsize={limits.file_size}", f"--cpu={seconds}", "--core=0"]
    return [*limit, *([f"--nproc={limits.processes}"] if processes else []), "--"]


def _handed_over(workspace: Path) -> int:
    """The uid that the workspace belongs to in the sandbox; the first time, root gives it away.

    A file with a second name elsewhere (git shares objects between clones that way) stays as it is: who owned it could change it there.
    """
    found = workspace.stat()
    if _FIRST_UID <= found.st_uid < _FIRST_UID + _UIDS:
        return found.st_uid
    uid = _FIRST_UID + found.st_ino % _UIDS
    for directory, directories, files, held in os.fwalk(workspace, follow_symlinks=False):
        for name in (*directories, *files):
            facts = os.stat(name, dir_fd=held, follow_symlinks=False)
            if not (stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1):
                os.chown(name, uid, uid, dir_fd=held, follow_symlinks=False)
        del directory
    os.chown(workspace, uid, uid)
    return uid


def _held(text: str) -> int:
    held = os.memfd_create("account")
    os.write(held, text.encode())
    os.lseek(held, 0, os.SEEK_SET)
    return held
