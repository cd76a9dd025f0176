"""Requests in the form of the Messages API, and replies gathered from its stream of events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.core.money.pricing import Usage
from bot.core.runs.conversation import (
    Block,
    Message,
    OpaqueBlock,
    Reply,
    Request,
    Speaker,
    StopReason,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)

_EPHEMERAL = {"cache_control": {"type": "ephemeral"}}


class BrokenStream(Exception):
    """The stream ended before the message did."""


def body_of(request: Request) -> dict[str, Any]:
    """Cache marks on what stays the same (tools and system) and on the moving tail: the last block, and the tail before it, so that
    the prefix of the previous request is found again."""
    messages = [{"role": message.speaker.value, "content": [_wire(block) for block in message.blocks]} for message in request.messages]
    tails = [message for message in messages if message["role"] == "user"][-2:]
    for message in tails:
        message["content"][-1] |= _EPHEMERAL  # type: ignore[index,operator]
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [{"type": "text", "text": request.system, **_EPHEMERAL}],
        "tools": [{"name": tool.name, "description": tool.description, "input_schema": dict(tool.schema)} for tool in request.tools],
        "messages": messages,
    }


def _wire(block: Block) -> dict[str, Any]:
    match block:
        case TextBlock(text=text):
            return {"type": "text", "text": text}
        case ToolUseBlock(id=identity, name=name, input=given):
            return {"type": "tool_use", "id": identity, "name": name, "input": dict(given)}
        case ToolResultBlock(id=identity, content=content, is_error=is_error):
            result = {"type": "tool_result", "tool_use_id": identity, "content": content}
            return {**result, "is_error": True} if is_error else result
        case OpaqueBlock(data=data):
            return dict(data)


class Gathered:
    """What has come of a reply so far."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._json: dict[int, list[str]] = {}
        self._stop: str | None = None
        self._ended = False
        self._model = ""

    def take(self, event: Any) -> None:
        match event.type:
            case "message_start":
                self._model = event.message.model
                self.usage = _usage(event.message.usage, Usage())
            case "content_block_start":
                self._blocks[event.index] = event.content_block.to_dict()
            case "content_block_delta":
                self._grow(event.index, event.delta)
            case "message_delta":
                self._stop = event.delta.stop_reason
                # Its figures are cumulative, and the final ones: they replace those of the start wherever they are given.
                self.usage = _usage(event.usage, self.usage or Usage())
            case "message_stop":
                self._ended = True
            case _:
                pass

    def _grow(self, index: int, delta: Any) -> None:
        block = self._blocks[index]
        match delta.type:
            case "text_delta":
                block["text"] = block.get("text", "") + delta.text
            case "input_json_delta":
                self._json.setdefault(index, []).append(delta.partial_json)
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta.thinking
            case "signature_delta":
                block["signature"] = delta.signature
            case _:
                pass

    def check_complete(self) -> None:
        if not self._ended:
            raise BrokenStream("The stream ended before the message did.")

    def reply(self) -> Reply:
        blocks = tuple(block for index in sorted(self._blocks) if (block := self._block(index)) is not None)
        return Reply(
            message=Message(speaker=Speaker.ASSISTANT, blocks=blocks),
            stop=_stop(self._stop),
            usage=self.usage or Usage(),
            model=self._model,
        )

    def _block(self, index: int) -> Block | None:
        data = self._blocks[index]
        match data["type"]:
            case "text":
                # The API refuses to take an empty text block back.
                return TextBlock(text=data["text"]) if data["text"].strip() else None
            case "tool_use":
                return ToolUseBlock(id=data["id"], name=data["name"], input=self._input(index))
            case _:
                return OpaqueBlock(data=data)

    def _input(self, index: int) -> Mapping[str, object]:
        raw = "".join(self._json.get(index, ()))
        if not raw.strip():
            return dict(self._blocks[index].get("input") or {})
        try:
            parsed = json.loads(raw)
        except ValueError:
            parsed = None
        # The tools answer this key as unusable input; the request was billed and the conversation goes on.
        return _encodable(parsed) if isinstance(parsed, dict) else {"unparsed": raw}


def _encodable(data: Any) -> Any:
    """Without lone surrogates, which JSON can spell and UTF-8 cannot: nothing could be saved or sent with one in it."""
    match data:
        case str():
            return data.encode(errors="replace").decode()
        case dict():
            return {_encodable(key): _encodable(value) for key, value in data.items()}
        case list():
            return [_encodable(each) for each in data]
        case _:
            return data


def _stop(named: str | None) -> StopReason:
    try:
        return StopReason(named)
    except ValueError:
        return StopReason.END_TURN


def _usage(reported: Any, before: Usage) -> Usage:
    def figure(name: str, otherwise: int) -> int:
        value = getattr(reported, name, None)
        return otherwise if value is None else int(value)

    return Usage(
        input=figure("input_tokens", before.input),
        output=figure("output_tokens", before.output),
        cache_read=figure("cache_read_input_tokens", before.cache_read),
        cache_write=figure("cache_creation_input_tokens", before.cache_write),
    )
