"""CODEOWNERS: who looks after which files.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The first that is there counts."""
_OWNER = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9-]*)(?:/[A-Za-z0-9_.-]+)?")
_PART = re.compile(r"\*\*/|/\*\*|\*|\?|[^*?/]+|/")


def owners_of(text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Logins, and teams as `organization/team`, of all these files; the last line that fits a file decides. Mail addresses are left out."""
    rules = [rule for line in text.splitlines() if (rule := _rule(line)) is not None]
    found: dict[str, None] = {}
    for path in paths:
        matching = [owners for pattern, owners in rules if pattern.fullmatch(path)]
        found |= dict.fromkeys(matching[-1] if matching else ())
    return tuple(found)


def _rule(line: str) -> tuple[re.Pattern[str], tuple[str, ...]] | None:
    words = line.split("#", 1)[0].split()
    if not words:
        return None
    owners = tuple(word[1:] for word in words[1:] if _OWNER.fullmatch(word))
    return _pattern(words[0]), owners


def _pattern(words: str) -> re.Pattern[str]:
    """As in .gitignore: with a slash at its beginning or in its middle it is a path from the root, else a name at any depth."""
    anchored = "/" in words.rstrip("/")
    inner = "".join(_translated(part) for part in _PART.findall(words.strip("/")))
    below = "/.*" if words.endswith("/") else "" if words.endswith("/*") else "(?:/.*)?"
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{inner}{below}", re.DOTALL)


def _translated(part: str) -> str:
    return {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
