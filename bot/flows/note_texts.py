"""What the bot writes below people's notes: the commit that answers them as a fact, and what the agent says of it as its claim."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.evidence.notes import OwedAnswer, answer_mark
from bot.core.markdown.blocks import Block, page, paragraph, quote
from bot.core.markdown.inline import Inline, plain
from bot.core.markdown.passages import passage
from bot.core.runs.note import NoteAnswer

_SHOWN = 200


def thread_answer(owed: OwedAnswer) -> str:
    return page(Block(answer_mark(owed.ref)), *_answer(owed))


def comment_answer(all_owed: Sequence[OwedAnswer]) -> str:
    """One comment for all that was not written in a thread."""
    parts = [Block("\n".join(answer_mark(owed.ref) for owed in all_owed))]
    for owed in all_owed:
        if owed.note is not None:
            parts += [quote(paragraph(plain(f"@{owed.note.author}: {owed.note.text}", most=_SHOWN))), *_answer(owed)]
    return page(*parts)


def resolves(owed: OwedAnswer) -> bool:
    """Where the run changed something, and the agent does not say that this note stays open."""
    said = _said(owed)
    return bool(owed.run.paths) and (said is None or said.done)


def _said(owed: OwedAnswer) -> NoteAnswer | None:
    return next((one for one in owed.run.answers if one.note == owed.ref.note), None)


def _answer(owed: OwedAnswer) -> list[Block]:
    said = _said(owed)
    if not owed.run.paths:
        fact = "Nothing was changed for this."
    elif resolves(owed):
        fact = f"Answered by {owed.run.head}."
    else:
        fact = f"Left open by {owed.run.head}."
    words = said.text if said is not None else owed.run.report
    who = "The agent, a scripted model, says:" if owed.run.scripted else "The agent says:"
    return [paragraph(Inline(f"{fact} {who}")), quote(passage(words))] if words.strip() else [paragraph(Inline(fact))]
