"""How a tool is offered to the model, its input checked, its answer cut to size; and `bash`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agents.run_ports import RunPorts
from bot.core.runs.conversation import Tool, ToolUseBlock
from bot.core.secrets.detection import redacted

OUTPUT_LIMIT = 16_000
UNPARSED = "unparsed"
"""Key under which a model adapter hands on tool input that was not JSON."""


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What the tool answers; the conversation goes on."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The tool ended the conversation: what it was called with, checked."""

    value: object


@dataclass(frozen=True, kw_only=True)
class GaveUp:
    """The model says that it cannot do it, and why."""

    why: str


ToolOutcome = ToolResult | Finished | GaveUp
_I = TypeVar("_I", bound=Input)


@dataclass(frozen=True, kw_only=True)
class ToolSpec(Generic[_I]):
    name: str
    description: str
    input: type[_I]
    act: Callable[[_I], ToolOutcome]
    summary: Callable[[_I], str] = lambda _: ""
    """What of the input is worth a short line for people who watch."""

    def tool(self) -> Tool:
        return Tool(name=self.name, description=self.description, schema=_schema_of(self.input))


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One tool call that passed its check, ready to be carried out."""

    doing: str
    act: Callable[[], ToolOutcome]


def checked_call(use: ToolUseBlock, tools: tuple[ToolSpec[Any], ...]) -> ToolCall | ToolResult:
    spec = next((spec for spec in tools if spec.name == use.name), None)
    if spec is None:
        return ToolResult(text=f"There is no tool {use.name!r}. There are: {', '.join(spec.name for spec in tools)}.", is_error=True)
    if UNPARSED in use.input:
        return ToolResult(text=f"The input of {use.name} was not valid JSON. Send it again as one JSON object.", is_error=True)
    try:
        given = spec.input.model_validate(dict(use.input))
    except ValidationError as error:
        return ToolResult(text=_complaint(use.name, error), is_error=True)
    summary = " ".join(_printable(redacted(spec.summary(given))).split())
    return ToolCall(doing=_short(f"{spec.name}: {summary}" if summary else spec.name), act=lambda: spec.act(given))


def _complaint(name: str, error: ValidationError) -> str:
    said = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'input'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False)[:8]
    ]
    return f"{name} was not run, its input is wrong. " + "; ".join(said)


def _short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


@cache
def _schema_of(given: type[Input]) -> Mapping[str, Any]:
    return _terse(given.model_json_schema())


def _terse(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without the titles that pydantic adds and nobody reads; every request carries it."""
    terse: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "properties":
            terse[key] = {name: _terse(inner) for name, inner in value.items()}
        elif isinstance(value, dict):
            terse[key] = {name: _terse(inner) for name, inner in value.items()} if key == "$defs" else _terse(value)
        else:
            terse[key] = value
    return terse


def cut_middle(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """Beginning and end matter most in a command's output; the middle goes first, and is said to be gone."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out; narrow the command to see them …]\n{text[-half:]}"


_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


def plain(text: str) -> str:
    """Without the escape sequences and control characters that cost tokens and say nothing."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


class BashInput(Input):
    command: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
    timeout: Annotated[int, Field(ge=1, le=1800, description="seconds")] = 120


def bash_tool(
    ports: RunPorts, *, writable: bool, environment: Mapping[str, str], time_left: Callable[[], timedelta]
) -> ToolSpec[BashInput]:
    def act(given: BashInput) -> ToolOutcome:
        outcome = ports.sandbox.run(
            ["bash", "-c", given.command],
            workspace=ports.workspace.path,
            writable=writable,
            timeout=max(min(timedelta(seconds=given.timeout), time_left()), timedelta(seconds=1)),
            environment=environment,
            cancelled=ports.cancelled,
        )
        output = cut_middle(plain(outcome.output))
        if outcome.timed_out:
            return ToolResult(text=f"{output}\n[killed: it ran longer than its time limit]", is_error=True)
        if outcome.exit_code != 0:
            return ToolResult(
                text=f"{output}\n[exit status {'none: killed' if outcome.exit_code is None else outcome.exit_code}]", is_error=True
            )
        return ToolResult(text=output if output.strip() else "[no output]")

    where = "the repository is the working directory" if writable else "the repository is the working directory, read-only"
    return ToolSpec(
        name="bash",
        description=f"Run a command; {where}. No network, no terminal. A new shell each time; nothing goes on running after it.",
        input=BashInput,
        act=act,
        summary=lambda given: given.command,
    )
