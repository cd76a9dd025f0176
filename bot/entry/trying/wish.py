"""What `--issue` names, as a title and a body: words, a file, or an issue on GitHub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.core.errors.user_errors import UserError

_ISSUE_URL = re.compile(r"(?P<site>https?://(?P<host>[^/@\s]+))/(?P<repository>[^/\s]+/[^/\s]+)/issues/(?P<number>\d+)/?(?:[#?]\S*)?")
_LOOKS_LIKE_A_FILE = re.compile(r"\S+\.(md|markdown|txt|rst)|\.{0,2}/\S+")
_LONGEST_TITLE = 200
_LARGEST = 65_536
"""https://docs.github.com/rest/issues: what an issue's body may hold."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    title: str
    body: str


def read_wish(said: str) -> Wish:
    """Raises `UserError`."""
    if re.match(r"https?://", said):
        return _from_url(said)
    if _is_file(said):
        return _from_file(Path(said))
    if _LOOKS_LIKE_A_FILE.fullmatch(said):
        raise UserError(f"--issue: there is no file {said}. Give a file, the address of an issue, or the wish in words.")
    return _from_words(said, "--issue")


def _is_file(said: str) -> bool:
    try:
        return Path(said).is_file()
    except (OSError, ValueError):  # too long for a name, or with a character that none has
        return False


def _from_words(text: str, where: str) -> Wish:
    """The first line is the title, as with a commit; a heading's marks are taken off."""
    first, _, rest = text.strip().partition("\n")
    title = first.lstrip("#").strip()
    if not title:
        raise UserError(f"{where}: says nothing. The first line is the title; what counts as done goes below it, as `- [ ] …`.")
    if len(text) > _LARGEST:
        raise UserError(f"{where}: has {len(text)} characters, an issue may have {_LARGEST}. Say it shorter.")
    if len(title) > _LONGEST_TITLE:
        return Wish(title=f"{title[:_LONGEST_TITLE].rsplit(' ', 1)[0]} …", body=text.strip())
    return Wish(title=title, body=rest.strip())


def _from_file(path: Path) -> Wish:
    try:
        return _from_words(path.read_text(encoding="utf-8"), f"--issue {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--issue: {path} could not be read as text: {error}") from None


def _from_url(address: str) -> Wish:
    found = _ISSUE_URL.fullmatch(address)
    if found is None:
        raise UserError(f"--issue: {address} is not the address of an issue, as in https://github.com/owner/name/issues/12.")
    at_github = found["host"] == "github.com"
    api = "https://api.github.com" if at_github else f"{found['site']}/api/v3"
    token = (os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")) if at_github else None
    headers = {"Accept": "application/vnd.github+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = httpx.get(f"{api}/repos/{found['repository']}/issues/{found['number']}", headers=headers, timeout=20)
        if answer.status_code in (401, 403, 404, 410):
            hint = " For a private repository set GH_TOKEN." if at_github and not token else ""
            raise UserError(f"--issue: {address} cannot be read ({answer.status_code}).{hint} Or give its text in a file.")
        answer.raise_for_status()
        issue = answer.json()
        return Wish(title=str(issue["title"]), body=str(issue.get("body") or ""))
    except (httpx.HTTPError, ValueError, KeyError) as error:
        why = str(error) or type(error).__name__
        raise UserError(f"--issue: {found['host']} could not be asked for it: {why}. Give its text in a file or in words.") from None
