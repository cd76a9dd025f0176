"""How a repository words the subjects of its commits, found in those that it has; and whether a title fits there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from bot.core.markdown.inline import acts
from bot.core.markdown.subject import harmless
from bot.core.markdown.words import one_line

SUBJECTS_READ = 50
LONGEST = 72
"""What git's own pages ask for at most; a repository that is used to more gets more."""
_LONGEST_EVER = 100
_MOST = 0.6
"""From which share of the subjects on something is a convention."""
_FEWEST = 5
_EXAMPLES = 3

_PULL = re.compile(r"\s*\(#\d+\)$")
_NOT_WRITTEN = re.compile(r"Merge (?:branch|pull request|remote|tag)\b|Revert \"|fixup!|squash!")
_CONVENTIONAL = re.compile(r"(?P<type>[a-z]+)(?P<scope>\([\w./, -]+\))?!?: \S")
"""https://www.conventionalcommits.org/en/v1.0.0/#specification"""
_AREA = re.compile(r"(?P<area>[\w][\w./+-]*): \S")
_BRACKET = re.compile(r"\[(?P<area>[\w./ -]+)\] ?\S")
_TYPES = frozenset({"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"})
_PAST = re.compile(r"(?:added|built|did|fixed|made|moved|removed|wrote|\w{2,}ed)\Z", re.IGNORECASE)


class Style(Enum):
    CONVENTIONAL = "Conventional Commits"
    AREA = "an area in front"
    BRACKET = "an area in brackets in front"
    PLAIN = "plain"


@dataclass(frozen=True, kw_only=True)
class Convention:
    style: Style = Style.PLAIN
    past: bool = False
    """"Fixed the parser" where others say "Fix the parser"."""
    capital: bool = True
    """Whether the words begin with a capital, after what stands in front."""
    period: bool = False
    longest: int = LONGEST
    fronts: tuple[str, ...] = ()
    """The types or areas in use, the commonest first."""
    examples: tuple[str, ...] = ()


def convention_of(subjects: Sequence[str]) -> Convention:
    """From subjects of the default branch, newest first. Of a few nothing can be told: then it is what git's own pages ask for."""
    lines = [line for subject in subjects if (line := _PULL.sub("", one_line(subject))) and not _NOT_WRITTEN.match(line)]
    if len(lines) < _FEWEST:
        return Convention()
    style, pattern = _style_of(lines)
    found = [match for line in lines if pattern is not None and (match := pattern.match(line))]
    fronts = Counter(match["type" if style is Style.CONVENTIONAL else "area"] for match in found)
    words = [_words(line, pattern) for line in lines]
    lengths = sorted(len(line) for line in lines)
    return Convention(
        style=style,
        past=_mostly(bool(_PAST.match(text.split()[0])) for text in words),
        capital=_mostly(text[0].isupper() for text in words),
        period=_mostly(line.endswith(".") for line in lines),
        longest=min(_LONGEST_EVER, max(LONGEST, lengths[len(lengths) * 9 // 10])),
        fronts=tuple(front for front, _ in fronts.most_common(12)),
        examples=tuple(line for line in lines if acts(line) is None and (pattern is None or pattern.match(line)))[:_EXAMPLES],
    )


def _style_of(lines: Sequence[str]) -> tuple[Style, re.Pattern[str] | None]:
    if _mostly(bool((match := _CONVENTIONAL.match(line)) and match["type"] in _TYPES) for line in lines):
        return Style.CONVENTIONAL, _CONVENTIONAL
    if _mostly(bool(_BRACKET.match(line)) for line in lines):
        return Style.BRACKET, _BRACKET
    if _mostly(bool(_AREA.match(line)) for line in lines):
        return Style.AREA, _AREA
    return Style.PLAIN, None


def _words(line: str, pattern: re.Pattern[str] | None) -> str:
    match = pattern.match(line) if pattern is not None else None
    return line[match.end() - 1 :] if match is not None else line


def _mostly(answers: Iterable[bool]) -> bool:
    told = list(answers)
    return bool(told) and sum(told) / len(told) >= _MOST


def described(convention: Convention) -> str:
    """For the brief: what a title has to look like here, and titles that do."""
    match convention.style:
        case Style.CONVENTIONAL:
            shape = f"Conventional Commits, `type(scope): words` (types in use: {', '.join(convention.fronts)})"
        case Style.AREA:
            shape = f"`area: words` (areas in use: {', '.join(convention.fronts)})"
        case Style.BRACKET:
            shape = f"`[area] words` (areas in use: {', '.join(convention.fronts)})"
        case Style.PLAIN:
            shape = "a plain sentence"
    mood = "in the past tense, as others here" if convention.past else "imperative"
    letter = "with a capital" if convention.capital else "in lower case"
    end = "a period at the end" if convention.period else "no period at the end"
    return f"{shape}; {mood}, beginning {letter}, {end}, at most {convention.longest} characters"


def refusal(title: str, convention: Convention) -> str | None:
    """Why a title cannot be that of a pull request and its commit, said to whoever wrote it; None for a good one."""
    if (why := unfit(title, convention.longest)) is not None:
        return why
    match convention.style:
        case Style.CONVENTIONAL:
            fits = bool((found := _CONVENTIONAL.match(title)) and found["type"] in _TYPES | {*convention.fronts})
        case Style.AREA:
            fits = bool(_AREA.match(title))
        case Style.BRACKET:
            fits = bool(_BRACKET.match(title))
        case Style.PLAIN:
            fits = True
    return None if fits else f"Titles here are {described(convention)}."


def unfit(title: str, longest: int = _LONGEST_EVER) -> str | None:
    """What is asked of a title in any repository: trusted code asks again, since it comes out of a run."""
    if not title.strip() or title != one_line(title):
        return "A title is one line, without spaces around it."
    if len(title) > longest:
        return f"The title has {len(title)} characters; the most here is {longest}."
    if (what := acts(title)) is not None:
        return f"A title names nobody, refers to nothing and links nowhere: leave out `{what}`."
    if harmless(title) != title:
        return "A title keeps no checks from running: leave out words such as `[skip ci]`."
    return None
