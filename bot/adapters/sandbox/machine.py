"""What this machine allows of isolation, found out once by trying."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FIRST_UID, UIDS = 61_184, 4_336
"""The range that systemd sets aside for users made for one service, so nobody's own files carry one of them."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """Root sets the sandbox up and then gives up being root inside it, since limits on processes do not hold for root; where even
    root may not mount, and for everybody else, a user namespace is used."""

    why_not: str | None = None
    user_namespace: bool = False
    drops_root: bool = False
    options: frozenset[str] = frozenset()

    def perms(self, mode: str) -> tuple[str, ...]:
        return ("--perms", mode) if "--perms" in self.options else ()

    def directory(self, path: str, mode: str = "0755") -> list[str]:
        """Made by name, since bubblewrap gives to nobody but root the directories that it makes on the way to a mount."""
        return [*self.perms(mode), "--dir", path]

    @property
    def isolation(self) -> list[str]:
        """Everything but the network, which a launcher may have unshared before."""
        frame = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        if self.user_namespace:
            frame += ["--unshare-user", "--uid", str(self.uid), "--gid", str(self.uid)]
            frame += ["--disable-userns"] if "--disable-userns" in self.options else []
        return [*frame, "--die-with-parent", "--new-session", "--hostname", "sandbox"]

    @property
    def uid(self) -> int:
        """As whom commands run in a user namespace; on disk it is whoever runs the bot."""
        return os.getuid() or FIRST_UID

    def dropped(self, uid: int) -> list[str]:
        if not self.drops_root:
            return []
        return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"]

    def unshared(self, *, network: bool) -> list[str]:
        """In which the launcher mounts and listens: it needs to be root there, and is it nowhere else."""
        return [
            "unshare",
            *(["--user", "--map-root-user"] if self.user_namespace else []),
            *("--mount", "--propagation", "private"),
            *(["--net"] if network else []),
            "--",
        ]


@cache
def way() -> Way:
    if missing := [tool for tool in ("bwrap", "prlimit") if shutil.which(tool) is None]:
        package = "bubblewrap" if "bwrap" in missing else "util-linux"
        return Way(why_not=f"{missing[0]} is not installed; install {package} (Debian, Ubuntu: apt install {package}).")
    told = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    options = frozenset(word for word in (told.stdout + told.stderr).split() if word.startswith("--"))
    ways = [Way(user_namespace=True, options=options)]
    if os.geteuid() == 0 and shutil.which("setpriv") is not None:
        ways.insert(0, Way(drops_root=True, options=options))
    words = ""
    for one in ways:
        trial = ["bwrap", *one.isolation, "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--"]
        tried = subprocess.run([*trial, *one.dropped(FIRST_UID), "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return one
        words = " ".join(tried.stderr.split())[:200]
    return Way(
        why_not=f"bwrap cannot start here ({words}). It needs user namespaces: on Ubuntu 24.04 set"
        " kernel.apparmor_restrict_unprivileged_userns=0 (or give bwrap an AppArmor profile), on older Debian"
        " kernel.unprivileged_userns_clone=1, in a container allow it to make namespaces."
    )


def available() -> str | None:
    """None where bubblewrap can isolate commands here; else why it cannot, and how to mend that."""
    return way().why_not


@cache
def overlays(place: Path) -> bool:
    """Whether copy-on-write mounts can be had for files below `place`; on some file systems and in some containers they cannot."""
    if shutil.which("unshare") is None or any(mark in str(place) for mark in ',:\\"'):
        return False
    with tempfile.TemporaryDirectory(dir=place, prefix="overlay-") as trial:
        for name in ("lower", "upper", "work", "at"):
            Path(trial, name).mkdir()
        extended = ",userxattr" if way().user_namespace else ""
        options = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work{extended}"
        mounted = ["mount", "-t", "overlay", "overlay", "-o", options, f"{trial}/at"]
        tried = subprocess.run([*way().unshared(network=False), *mounted], capture_output=True, check=False)
        shutil.rmtree(f"{trial}/work", ignore_errors=True)
        return tried.returncode == 0


def handed_over(place: Path) -> int:
    """The uid that the directory belongs to in the sandbox; the first time, root gives it away.

    A file with a second name elsewhere (git shares objects between clones that way) stays as it is: who owned it could change it there.
    """
    found = place.stat()
    if FIRST_UID <= found.st_uid < FIRST_UID + UIDS:
        return found.st_uid
    uid = FIRST_UID + found.st_ino % UIDS
    give_away(place, uid)
    return uid


def give_away(place: Path, uid: int) -> None:
    for directory, directories, files, held in os.fwalk(place, follow_symlinks=False):
        for name in (*directories, *files):
            facts = os.stat(name, dir_fd=held, follow_symlinks=False)
            if not (stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1):
                os.chown(name, uid, uid, dir_fd=held, follow_symlinks=False)
        del directory
    os.chown(place, uid, uid)
