"""What the agent says to each note that people wrote, as the tool that ends its work takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from bot.agents.tools import Input
from bot.core.runs.note import Note, NoteAnswer


class AnswerInput(Input):
    note: Annotated[str | int, Field(description="N1, N2 …")]
    answer: Annotated[str, Field(min_length=1, max_length=4000)]
    done: Annotated[bool, Field(description="false where you left it as it was")] = True


Answers = Annotated[tuple[AnswerInput, ...], Field(max_length=50, description="to each note N of people: what you did, or why not")]


def answers_to(notes: Sequence[Note], given: Sequence[AnswerInput]) -> tuple[NoteAnswer, ...] | str:
    """By the notes' own ids; or which are missing or unknown."""
    names = {f"N{number}": note for number, note in enumerate(notes, start=1)}
    found: dict[str, AnswerInput] = {}
    for one in given:
        named = str(one.note).strip().upper()
        found[f"N{named}" if named.isdecimal() else named] = one
    unknown = [name for name in found if name not in names]
    missing = [name for name in names if name not in found]
    if unknown or missing:
        wrong = [f"there is no note {name}" for name in unknown] + [f"{name} is not answered" for name in missing]
        return f"answers: {'; '.join(wrong)}."
    return tuple(NoteAnswer(note=names[name].id, text=one.answer, done=one.done) for name, one in found.items())
