"""What is said between a run and a model: blocks, messages, tools, requests and replies, free of any vendor's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.core.money.pricing import Usage
from bot.core.roles.role import Role


class Speaker(Enum):
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    text: str


@dataclass(frozen=True, kw_only=True)
class ToolUseBlock:
    """The model asks for a tool; `input` is JSON-like and unchecked: the tool validates it."""

    id: str
    name: str
    input: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ToolResultBlock:
    id: str
    content: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class OpaqueBlock:
    """A block of the vendor's own (thinking, say) that must go back unchanged in the next request."""

    data: Mapping[str, object]


Block = TextBlock | ToolUseBlock | ToolResultBlock | OpaqueBlock


@dataclass(frozen=True, kw_only=True)
class Message:
    speaker: Speaker
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`schema` is the JSON Schema of the tool's input object."""

    name: str
    description: str
    schema: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """What a request is for: written to the ledger, and how a scripted model finds its lines."""

    role: Role
    project: int
    cycle: int
    run: str


@dataclass(frozen=True, kw_only=True)
class Request:
    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    max_tokens: int
    purpose: Purpose


class StopReason(Enum):
    END_TURN = "end_turn"
    TOOL_USE = "tool_use"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"
    PAUSE = "pause_turn"
    CONTEXT_FULL = "model_context_window_exceeded"


@dataclass(frozen=True, kw_only=True)
class Reply:
    message: Message
    stop: StopReason
    usage: Usage
    model: str
