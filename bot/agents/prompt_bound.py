"""The most tokens that the next request can have, known before it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bot.agents.transcript import Conversation
from bot.core.runs.conversation import Block, Message, OpaqueBlock, TextBlock, Tool, ToolResultBlock, ToolUseBlock

_A_BLOCK = 16
"""Tokens that the vendor's framing of one block may add."""
_A_REQUEST = 1_000
"""Tokens that the vendor's own preamble for tools may add to the first request."""


def prompt_bound(conversation: Conversation, *, system: str, tools: Sequence[Tool]) -> int:
    """No token is shorter than a byte, so bytes bound tokens. What the last reply reported covers all that was
    there then, its own output too; only what came since is taken at its bytes."""
    added = _bytes_of(conversation.messages[conversation.since :])
    if conversation.reported is not None:
        return conversation.reported.prompt + conversation.reported.output + added
    return _A_REQUEST + len(system.encode()) + sum(_tool(tool) for tool in tools) + added


def _bytes_of(messages: Iterable[Message]) -> int:
    return sum(_A_BLOCK + sum(_A_BLOCK + _block(block) for block in message.blocks) for message in messages)


def _block(block: Block) -> int:
    match block:
        case TextBlock(text=text):
            return len(text.encode())
        case ToolUseBlock(id=identity, name=name, input=given):
            return len(identity) + len(name) + _json(given)
        case ToolResultBlock(id=identity, content=content):
            return len(identity) + len(content.encode())
        case OpaqueBlock(data=data):
            return _json(data)


def _tool(tool: Tool) -> int:
    return _A_BLOCK + len(tool.name) + len(tool.description.encode()) + _json(tool.schema)


def _json(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())
