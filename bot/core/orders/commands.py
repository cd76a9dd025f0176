"""What people can say to the bot in a comment: lines that begin with `/agent`, outside of quotes, code and hidden text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from bot.core.orders.labels import Priority

_ADDRESS = re.compile(r"/agent(?=\s|$)", re.IGNORECASE)
_AGENT = re.compile(r"(?:agent[-#]?|#)?([0-9]{1,4})", re.IGNORECASE | re.ASCII)
_FENCE = re.compile(r"[ ]{0,3}(?:(?:[-*+]|[0-9]{1,9}[.)]) +)*(`{3,}(?=[^`]*$)|~{3,})")
_HIDES = re.compile(r"<!--")
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST = 200
_MOST = 5
"""Lines of one comment that are carried out; more are no orders of a person."""


class Verb(Enum):
    WHY = "why"
    STATUS = "status"
    HOLD = "hold"
    RESUME = "resume"
    RETRY = "retry"
    SKIP = "skip"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    STOP = "stop"
    PRIORITY = "priority"
    HELP = "help"


KNOWN = ", ".join(f"`{verb.value}`" for verb in Verb)
HELP = """What I do when somebody with write access begins a line with it:

- `/agent why` or `/agent status`: say where this stands, why, and what comes next
- `/agent hold`: leave this alone from the next run on; `/agent resume` lets it go on
- `/agent skip`: take it out of the queue until `/agent resume` or `/agent retry`
- `/agent retry`: a fresh start; earlier cycles and failures count no more
- `/agent assign 2`: only agent 2 takes it; `/agent unassign`: any agent may
- `/agent priority high` (or `normal`, `low`): change its place in the queue
- `/agent stop`: stop all work on every issue, now; `groundskeeper start` lets it go on
- `/agent help`: this list"""


@dataclass(frozen=True, kw_only=True)
class Command:
    verb: Verb
    agent: int | None = None
    """Which agent, from 1; for `assign` only."""
    priority: Priority | None = None
    """For `priority` only."""


@dataclass(frozen=True, kw_only=True)
class UnknownOrder:
    """Said to the bot, and not one of its words; the hint names the nearest right one."""

    hint: str


@dataclass(frozen=True, kw_only=True)
class ParsedLine:
    """One line that speaks to the bot, as it was written, and what it comes to."""

    asked: str
    meant: Command | UnknownOrder


def is_mention(body: str) -> bool:
    """Whether a comment speaks to the bot at all."""
    return bool(_addressed(body))


def parsed(body: str) -> tuple[ParsedLine, ...]:
    """Empty for a comment that does not speak to the bot. Words after a whole command are for people and change nothing."""
    return tuple(ParsedLine(asked=line[:_LONGEST], meant=_meant(line[:_LONGEST])) for line in _addressed(body)[:_MOST])


def _addressed(body: str) -> list[str]:
    """By the rules of Markdown (https://spec.commonmark.org): up to three spaces before it; four make it code, `>` a quote."""
    found: list[str] = []
    fence, hidden, quoting = "", False, False
    for line in _LINE_END.split(body):
        text = line.lstrip(" ")
        if hidden:
            hidden = "-->" not in line
        elif fence:
            if _closes(text, fence):
                fence = ""
        elif (opened := _FENCE.match(line)) is not None:
            fence = opened[1]
        elif _HIDES.match(text):
            hidden = "-->" not in text
        elif text.startswith(">"):
            quoting = True
            continue
        elif _ADDRESS.match(text) and len(line) - len(text) < 4 and not quoting:
            found.append(text.strip())
        elif "<!--" in line:
            hidden = "-->" not in line.rsplit("<!--", 1)[1]
        # A line right below a quote belongs to it still, until an empty one ends it.
        quoting = quoting and bool(text.strip())
    return found


def _closes(text: str, fence: str) -> bool:
    end = text.rstrip()
    return len(end) >= len(fence) and set(end) == {fence[0]}


def _meant(line: str) -> Command | UnknownOrder:
    words = [word.rstrip(",.;:!") for word in line.casefold().split()[1:]]
    if not words:
        return UnknownOrder(hint=f"What shall I do? After `/agent` I know {KNOWN}.")
    verb = next((verb for verb in Verb if verb.value == words[0]), None)
    match verb:
        case None:
            near = get_close_matches(words[0], [verb.value for verb in Verb], n=1, cutoff=0.5)
            return UnknownOrder(hint=f"Did you mean `/agent {near[0]}`?" if near else f"I do not know that word. I know {KNOWN}.")
        case Verb.ASSIGN:
            return _assign(words[1:])
        case Verb.PRIORITY:
            return _priority(words[1:])
        case Verb.WHY | Verb.STATUS | Verb.HOLD | Verb.RESUME | Verb.RETRY | Verb.SKIP | Verb.UNASSIGN | Verb.STOP | Verb.HELP:
            return Command(verb=verb)


def _assign(words: list[str]) -> Command | UnknownOrder:
    found = _AGENT.fullmatch("".join(words[:2]) if words[:1] == ["agent"] else words[0]) if words else None
    if found is None or int(found[1]) < 1:
        return UnknownOrder(hint="Which agent? Write its number, as in `/agent assign 2`.")
    return Command(verb=Verb.ASSIGN, agent=int(found[1]))


def _priority(words: list[str]) -> Command | UnknownOrder:
    levels = {level.name.casefold(): level for level in Priority}
    if not words:
        return UnknownOrder(hint="Which one? `/agent priority high`, `normal` or `low`.")
    if words[0] not in levels:
        near = get_close_matches(words[0], levels, n=1, cutoff=0.5)
        return UnknownOrder(hint=f"Did you mean `/agent priority {near[0]}`?" if near else "There are `high`, `normal` and `low`.")
    return Command(verb=Verb.PRIORITY, priority=levels[words[0]])
