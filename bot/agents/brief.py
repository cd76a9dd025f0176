"""Renders `prompts/<role>.md` for a brief; text from outside goes in fenced as data, in a fence that it cannot close."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined, TemplateError

from bot.core.errors.user_errors import UserError
from bot.core.evidence.shown_diff import shown_diff
from bot.core.runs.convention import described
from bot.core.runs.criteria import visible
from bot.core.runs.note import Note
from bot.core.runs.run import Brief, Finding

_OPENING = "<!-- opening -->\n"
_GOING_ON = "<!-- going on -->\n"
_LONGEST = 60_000


@dataclass(frozen=True, kw_only=True)
class Prompt:
    system: str
    opening: str
    going_on: str = ""
    """Said where an unfinished conversation goes on: what is new since."""


def fenced(text: str, name: str) -> str:
    """The tag carries a digest of the text, counted on until the text does not hold it: so nothing in the text can end it."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n[cut: {len(text) - _LONGEST} characters more]"
    turn = 0
    while (tag := f"data-{hashlib.sha256(f'{turn}{text}'.encode()).hexdigest()[:6]}") in text:
        turn += 1
    return f"<{tag} {name}>\n{text}\n</{tag}>"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def note_text(note: Note) -> str:
    """Its place and what was said there before, then the note itself."""
    where = f"on {note.path}{f':{note.line}' if note.line else ''}" if note.path else "on the pull request"
    parts = [f"@{note.author} {where}:", visible(note.text).strip()]
    if note.hunk:
        parts.insert(0, note.hunk)
    if note.before:
        parts.insert(0, "\n".join(note.before))
    return "\n\n".join(parts)


def finding_line(finding: Finding) -> str:
    place = f" {finding.path}" if finding.path else ""
    line = f":{finding.line}" if finding.path and finding.line else ""
    return f"({finding.source}{place}{line}) {finding.text.strip()}"


_ENVIRONMENT = Environment(
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 — prompts are no HTML
)
_ENVIRONMENT.filters.update(
    data=fenced, one_line=_one_line, finding=finding_line, note=note_text, title_rule=described, shown=lambda diff: shown_diff(diff).text
)


def rendered(brief: Brief, prompts: Mapping[str, str]) -> Prompt:
    """Raises `UserError` when the role's prompt is missing or names something that a brief does not have."""
    name = brief.role.value
    if name not in prompts:
        raise UserError(f"There is no prompts/{name}.md; put it back, or reinstall the bot.")
    try:
        whole = _ENVIRONMENT.from_string(prompts[name]).render(brief=brief)
    except TemplateError as error:
        raise UserError(f"prompts/{name}.md cannot be rendered: {error}. Correct it, or restore the one that came with the bot.") from error
    system, parted, opening = whole.partition(_OPENING)
    if not parted:
        raise UserError(f"prompts/{name}.md has no line {_OPENING.strip()!r}, which parts the system prompt from the opening.")
    opening, _, going_on = opening.partition(_GOING_ON)
    return Prompt(system=system.strip(), opening=opening.strip(), going_on=going_on.strip())
