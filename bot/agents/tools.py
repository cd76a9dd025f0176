"""How a tool is offered to the model, its input checked, its answer cut to size; and `bash`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agents.outside import Outside
from bot.core.conversation import Tool, ToolUse

OUTPUT_LIMIT = 16_000
UNPARSED = "unparsed"
"""Key under which a model adapter hands on tool input that was not JSON."""


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the tool answers; the conversation goes on."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """The tool ended the conversation: what it was called with, checked."""

    value: object


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """The model says that it cannot do it, and why."""

    why: str


Acted = Said | Done | GivenUp
_I = TypeVar("_I", bound=Input)


@dataclass(frozen=True, kw_only=True)
class Offer(Generic[_I]):
    name: str
    description: str
    input: type[_I]
    act: Callable[[_I], Acted]
    glimpse: Callable[[_I], str] = lambda _: ""
    """What of the input is worth a short line for people who watch."""

    def tool(self) -> Tool:
        return Tool(name=self.name, description=self.description, schema=_schema_of(self.input))


@dataclass(frozen=True, kw_only=True)
class Call:
    """One tool call that passed its check, ready to be carried out."""

    doing: str
    act: Callable[[], Acted]


def checked(use: ToolUse, offers: tuple[Offer[Any], ...]) -> Call | Said:
    offer = next((offer for offer in offers if offer.name == use.name), None)
    if offer is None:
        return Said(text=f"There is no tool {use.name!r}. There are: {', '.join(offer.name for offer in offers)}.", is_error=True)
    if UNPARSED in use.input:
        return Said(text=f"The input of {use.name} was not valid JSON. Send it again as one JSON object.", is_error=True)
    try:
        given = offer.input.model_validate(dict(use.input))
    except ValidationError as error:
        return Said(text=_complaint(use.name, error), is_error=True)
    glimpse = " ".join(_printable(offer.glimpse(given)).split())
    return Call(doing=_short(f"{offer.name}: {glimpse}" if glimpse else offer.name), act=lambda: offer.act(given))


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


def bash_tool(outside: Outside, *, writable: bool, environment: Mapping[str, str], time_left: Callable[[], timedelta]) -> Offer[BashInput]:
    def act(given: BashInput) -> Acted:
        outcome = outside.sandbox.run(
            ["bash", "-c", given.command],
            workspace=outside.workspace.path,
            writable=writable,
            timeout=max(min(timedelta(seconds=given.timeout), time_left()), timedelta(seconds=1)),
            environment=environment,
            cancelled=outside.cancelled,
        )
        output = cut_middle(plain(outcome.output))
        if outcome.timed_out:
            return Said(text=f"{output}\n[killed: it ran longer than its time limit]", is_error=True)
        if outcome.exit_code != 0:
            return Said(text=f"{output}\n[exit status {'none: killed' if outcome.exit_code is None else outcome.exit_code}]", is_error=True)
        return Said(text=output if output.strip() else "[no output]")

    where = "the repository is the working directory" if writable else "the repository is the working directory, read-only"
    return Offer(
        name="bash",
        description=f"Run a command; {where}. No network, no terminal. A new shell each time; nothing goes on running after it.",
        input=BashInput,
        act=act,
        glimpse=lambda given: given.command,
    )
