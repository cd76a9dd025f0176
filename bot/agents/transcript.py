"""A conversation as JSON lines: saved at every step, read back to go on where a segment ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from bot.core.money.pricing import Usage
from bot.core.runs.conversation import Message, Speaker, TextBlock, ToolResultBlock, ToolUseBlock

_MESSAGE = TypeAdapter(Message)
_USAGE = TypeAdapter(Usage)
_CUT_SHORT = "The run was interrupted before this ran; call it again if it is still needed."


@dataclass
class Conversation:
    """Messages so far, and what the last reply reported, which bounds the next request."""

    messages: list[Message] = field(default_factory=list)
    reported: Usage | None = None
    """Usage of the last reply; None before the first."""
    since: int = 0
    """Index of the first message that the last reported usage does not cover."""
    _lines: list[str] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self._lines.append(_line("message", _MESSAGE.dump_python(message, mode="json")))

    def answered(self, usage: Usage, message: Message | None) -> None:
        """A reply came: its usage covers all messages so far, itself included."""
        if message is not None:
            self.add(message)
        self.reported, self.since = usage, len(self.messages)
        self._lines.append(_line("usage", _USAGE.dump_python(usage, mode="json")))

    def text(self) -> str:
        return "".join(self._lines)


def _line(kind: str, data: object) -> str:
    return json.dumps({kind: data}, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_back(transcript: str | None) -> Conversation | None:
    """The conversation that was saved, ready for the next request; None where there is none that can be gone on with.

    A torn last line (the machine died while it was written) is left out; tools that were asked for and never
    answered are answered as interrupted, since the API wants an answer to each.
    """
    conversation = Conversation()
    for line in (transcript or "").splitlines():
        try:
            entry = json.loads(line)
            if "message" in entry:
                conversation.add(_MESSAGE.validate_python(entry["message"], strict=False))
            elif "usage" in entry:
                conversation.answered(_USAGE.validate_python(entry["usage"]), None)
        except (ValueError, ValidationError, TypeError):
            break
    if not conversation.messages or conversation.messages[0].speaker is not Speaker.USER:
        return None
    if unanswered := tool_uses(conversation.messages[-1]):
        results = tuple(ToolResultBlock(id=use.id, content=_CUT_SHORT, is_error=True) for use in unanswered)
        conversation.add(Message(speaker=Speaker.USER, blocks=results))
    return conversation


def tool_uses(message: Message) -> tuple[ToolUseBlock, ...]:
    return tuple(block for block in message.blocks if isinstance(block, ToolUseBlock)) if message.speaker is Speaker.ASSISTANT else ()


def user(*texts: str, results: Sequence[ToolResultBlock] = ()) -> Message:
    return Message(speaker=Speaker.USER, blocks=(*results, *(TextBlock(text=text) for text in texts)))
