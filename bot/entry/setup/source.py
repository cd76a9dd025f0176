"""Which Groundskeeper a repository's workflow runs: the commit that this very program came from, or the one that is named."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bot.core.errors.user_errors import UserError
from bot.entry.checkout import git, repository_of

ACTION = ".github/actions/install"
_OURS = re.compile(r"(?m)(uses:\s*)\$/(\S+)")
_PINNED = re.compile(r"(?m)(uses:\s*)[\w.-]+/[\w.-]+/(" + re.escape(ACTION) + r")@[0-9a-f]{40}(?: # \S+)?(?=\s)")
_SOURCE = re.compile(r"(?P<repository>[A-Za-z0-9-]+/[A-Za-z0-9._-]+)@(?P<commit>[0-9a-f]{40})\Z")
_CHECKOUT = Path(__file__).resolve().parents[3]
_NOTE = Path(__file__).resolve().parents[2] / "built_from.json"


@dataclass(frozen=True, kw_only=True)
class Source:
    repository: str
    commit: str
    version: str | None = None
    """For people and for updating tools to read; the commit alone decides."""

    @property
    def schema(self) -> str:
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/bot/entry/groundskeeper.schema.json"


def named_source(text: str) -> Source:
    """Raises `UserError`. Only whole commit ids: a tag can be moved to other code, which would run with the apps' keys."""
    match = _SOURCE.match(text)
    if match is None:
        raise UserError(f"--source: expected OWNER/NAME@COMMIT with all 40 digits of the commit, found {text!r}.")
    return Source(repository=match["repository"], commit=match["commit"])


def own_source() -> Source | None:
    """By what pip wrote down when it installed from a repository (PEP 610), by what was noted when the package was built, or by
    the checkout that this runs from."""
    try:
        found = distribution("groundskeeper")
    except PackageNotFoundError:
        return by_checkout(_CHECKOUT)
    told = found.read_text("direct_url.json")
    built = by_note(_NOTE.read_text(encoding="utf-8") if _NOTE.is_file() else None, version=found.version)
    return by_direct_url(told, version=found.version) or built or by_checkout(folder_of(told) or _CHECKOUT)


def by_direct_url(text: str | None, *, version: str) -> Source | None:
    """https://packaging.python.org/specifications/direct-url/; None where it came from elsewhere than a repository on GitHub."""
    try:
        direct = json.loads(text or "{}")
    except ValueError:
        return None
    commit = direct.get("vcs_info", {}).get("commit_id", "")
    match = re.search(r"github\.com[/:]([^/]+/[^/]+?)(?:\.git)?$", direct.get("url", ""))
    return Source(repository=match[1], commit=commit, version=version) if match and commit else None


def by_note(text: str | None, *, version: str) -> Source | None:
    """`bot/built_from.json`, as hatch_build.py writes it; None where the package was built from no commit that others can fetch."""
    try:
        note = json.loads(text or "{}")
        return replace(named_source(f"{note['repository']}@{note['commit']}"), version=version)
    except (ValueError, KeyError, TypeError, UserError):
        return None


def folder_of(text: str | None) -> Path | None:
    """The folder that `pip install .` was said in; None where it was something else."""
    try:
        direct = json.loads(text or "{}")
    except ValueError:
        return None
    return Path(url2pathname(urlsplit(direct.get("url", "")).path)) if "dir_info" in direct else None


def by_checkout(root: Path) -> Source | None:
    if not (root / ".git").exists():
        return None
    head, remote = git(root, "rev-parse", "HEAD"), git(root, "remote", "get-url", "origin")
    if head.returncode or "github.com" not in remote.stdout:
        return None
    try:
        return Source(repository=repository_of(root), commit=head.stdout.strip())
    except UserError:
        return None


def is_own_checkout(checkout: Path) -> bool:
    """In Groundskeeper's own repository the workflow finds the action beside itself."""
    return (checkout / ACTION / "action.yml").is_file()


def pinned(workflow: str, source: Source) -> str:
    """The shipped workflow as it works in another repository: `$/` means the repository in which the file stands.

    https://github.blog/changelog/2026-07-30-reference-same-repository-actions-with-self-repository-syntax/
    """
    told = f" # {source.version}" if source.version else ""
    return _OURS.sub(rf"\g<1>{source.repository}/\g<2>@{source.commit}{told}", workflow)


def unpinned(workflow: str) -> str:
    """The other way, to compare two of them wherever each was pinned to."""
    return _PINNED.sub(r"\g<1>$/\g<2>", workflow)


def needs_pin(workflow: str) -> bool:
    return _OURS.search(workflow) is not None
