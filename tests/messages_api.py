"""A local server that speaks the Messages API as the SDK's own types define it, with the faults that the real one has."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One reply of the model. `blocks` are content blocks as the API gives them."""

    blocks: Sequence[Mapping[str, Any]]
    stop: str = "tool_use"
    input: int = 100
    output: int = 20
    cache_read: int = 0
    cache_write: int = 0
    cut_after: int | None = None
    """The connection is cut after so many events."""
    hold_after: int | None = None
    """After so many events nothing more comes until the client goes away or the server is closed."""
    error_after: tuple[int, str] | None = None
    """After so many events comes an `error` event of this type."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error answer, in the API's form."""

    status: int
    type: str
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] | None = None


Scripted = Answer | Fault | Callable[[Mapping[str, Any]], Answer]


def tool_use(name: str, /, identity: str = "toolu_1", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


@dataclass
class MessagesApi:
    answers: list[Scripted] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away in the middle of an answer."""
    held: threading.Event = field(default_factory=threading.Event)
    """Set when an answer stands still as it was told to."""
    url: str = ""
    key: str = "sk-ant-test"
    models: frozenset[str] = frozenset({"claude-sonnet-5-5"})
    """Of which it tells, to this key only."""
    _closing: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def served(self) -> Iterator[MessagesApi]:
        api = self

        class Handler(_Handler):
            state = api

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._closing.set()
            server.shutdown()
            server.server_close()
            thread.join(2)


class _Handler(BaseHTTPRequestHandler):
    state: MessagesApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name that the base class gives it
        pass

    def do_GET(self) -> None:
        """https://docs.anthropic.com/en/api/models"""
        if self.headers["x-api-key"] != self.state.key:
            self._refuse(Fault(status=401, type="authentication_error", message="invalid x-api-key"))
        elif (name := self.path.removeprefix("/v1/models/")) not in self.state.models:
            self._refuse(Fault(status=404, type="not_found_error", message=f"model: {name}"))
        else:
            shown = {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
            body = json.dumps(shown).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        state = self.state
        given = json.loads(body)
        state.sizes.append(len(body))
        state.requests.append(given)
        state.headers.append({name.lower(): value for name, value in self.headers.items()})
        if wrong := why_refused(self.path, given):
            self._refuse(Fault(status=400, type="invalid_request_error", message=wrong))
            return
        answer = state.answers.pop(0) if state.answers else Fault(status=500, type="api_error", message="the script is over")
        if isinstance(answer, Fault):
            self._refuse(answer)
        else:
            self._stream(answer if isinstance(answer, Answer) else answer(given), given["model"])

    def _refuse(self, fault: Fault) -> None:
        error: dict[str, Any] = {"type": fault.type, "message": fault.message}
        if fault.details is not None:
            error["details"] = dict(fault.details)
        body = json.dumps({"type": "error", "error": error, "request_id": "req_1"}).encode()
        self.send_response(fault.status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **fault.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, model: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for index, event in enumerate(events_of(answer, model)):
                if answer.cut_after == index:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                if answer.hold_after == index:
                    self._hold()
                    return
                if answer.error_after is not None and answer.error_after[0] == index:
                    event = {"type": "error", "error": {"type": answer.error_after[1], "message": "no"}}
                self._send(event)
                if event["type"] == "error":
                    break
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.state.gone.set()

    def _hold(self) -> None:
        self.close_connection = True
        self.state.held.set()
        self.connection.settimeout(0.02)
        while not self.state._closing.is_set():
            try:
                if self.connection.recv(1) == b"":
                    self.state.gone.set()
                    return
            except TimeoutError:
                continue

    def _send(self, event: Mapping[str, Any]) -> None:
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


@cache
def _types() -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
    from anthropic.types import RawMessageStreamEvent
    from anthropic.types.message_create_params import MessageCreateParamsStreaming

    return TypeAdapter(MessageCreateParamsStreaming), TypeAdapter(RawMessageStreamEvent)


def why_refused(path: str, given: Mapping[str, Any]) -> str | None:
    """What the real API would refuse: a shape that is not the SDK's, and the rules on turns, tools and cache marks."""
    if path != "/v1/messages":
        return f"no such path: {path}"
    try:
        _types()[0].validate_python(dict(given))
    except ValueError as error:
        return str(error)
    messages = given["messages"]
    if not messages or messages[0]["role"] != "user":
        return "messages: the first must be the user's"
    marks = json.dumps(given).count('"cache_control"')
    if marks > 4:
        return f"cache_control: {marks} marks, at most 4"
    return _unanswered(messages)


def _unanswered(messages: Sequence[Mapping[str, Any]]) -> str | None:
    asked: set[str] = set()
    for message in messages:
        if not message["content"]:
            return "messages: content must not be empty"
        blocks = message["content"] if isinstance(message["content"], list) else []
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            return "messages: text content blocks must be non-empty"
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if message["role"] == "user":
            if asked - answered or answered - asked:
                return f"messages: tool_use without tool_result or the reverse: {asked ^ answered}"
            asked = set()
        else:
            asked |= {block["id"] for block in blocks if block["type"] == "tool_use"}
    return f"messages: unanswered {asked}" if asked else None


def events_of(answer: Answer, model: str) -> Iterator[dict[str, Any]]:
    """In the order and form in which the API sends them; each checked against the SDK's type of a stream event."""
    for event in _events(answer, model):
        _types()[1].validate_python(event)
        yield event


def _events(answer: Answer, model: str) -> Iterator[dict[str, Any]]:
    usage = {
        "input_tokens": answer.input,
        "output_tokens": 1,
        "cache_read_input_tokens": answer.cache_read,
        "cache_creation_input_tokens": answer.cache_write,
    }
    start: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    yield {"type": "message_start", "message": {**start, "usage": usage}}
    for index, block in enumerate(answer.blocks):
        empty, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    final = usage | {"output_tokens": answer.output}
    yield {"type": "message_delta", "delta": {"stop_reason": answer.stop, "stop_sequence": None}, "usage": final}
    yield {"type": "message_stop"}


def _pieces(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            text = block["text"]
            halves = [text[: len(text) // 2], text[len(text) // 2 :]]
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": half} for half in halves]
        case "tool_use":
            raw = block["raw"] if "raw" in block else json.dumps(block["input"])
            parts = [raw[at : at + 9] for at in range(0, len(raw), 9)]
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case _:
            return dict(block), []
