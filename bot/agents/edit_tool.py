"""The `edit` tool: view, create, replace and insert in files of the workspace, and of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, assert_never

from pydantic import Field

from bot.agents.tools import Input, ToolOutcome, ToolResult, ToolSpec, cut_middle
from bot.agents.workspace_files import Unreadable, read_text, write_text

_VIEW_LIMIT = 20_000


class EditInput(Input):
    do: Literal["view", "create", "replace", "insert"]
    path: Annotated[str, Field(min_length=1, max_length=1000)]
    old: str | None = None
    new: str | None = None
    line: Annotated[int, Field(ge=0)] | None = None
    end: Annotated[int, Field(ge=1)] | None = None


def edit_tool(root: Path) -> ToolSpec[EditInput]:
    def act(given: EditInput) -> ToolOutcome:
        try:
            return ToolResult(text=_edit(root, given))
        except Unreadable as error:
            return ToolResult(text=str(error), is_error=True)

    return ToolSpec(
        name="edit",
        description=(
            "view: lines line..end of a file. create: write new as the whole file. replace: old, found exactly once, becomes new."
            " insert: new after line (0 = top)."
        ),
        input=EditInput,
        act=act,
        summary=lambda given: f"{given.do} {given.path}",
    )


def _edit(root: Path, given: EditInput) -> str:
    match given.do:
        case "view":
            return _view(read_text(root, given.path), given)
        case "create":
            write_text(root, given.path, _wanted("new", given))
            return f"Wrote {given.path}."
        case "replace":
            return _replace(root, given)
        case "insert":
            return _insert(root, given)
        case _ as never:
            assert_never(never)


def _wanted(field: Literal["old", "new"], given: EditInput) -> str:
    value = given.old if field == "old" else given.new
    if value is None:
        raise Unreadable(f"{field}: is needed for {given.do}.")
    return value


def _view(text: str, given: EditInput) -> str:
    lines = text.splitlines()
    first = max(given.line or 1, 1)
    last = min(given.end or len(lines), len(lines))
    if first > len(lines):
        return f"[{given.path} has {len(lines)} lines]"
    width = len(str(last))
    return cut_middle("\n".join(f"{number:>{width}} {lines[number - 1]}" for number in range(first, last + 1)), _VIEW_LIMIT)


def _replace(root: Path, given: EditInput) -> str:
    old, new = _wanted("old", given), _wanted("new", given)
    text = read_text(root, given.path)
    times = text.count(old) if old else 0
    if times != 1:
        raise Unreadable(f"old: occurs {times} times in {given.path}, must be exactly once." if old else "old: is empty.")
    write_text(root, given.path, text.replace(old, new, 1))
    return f"Replaced at line {text[: text.index(old)].count(chr(10)) + 1} of {given.path}."


def _insert(root: Path, given: EditInput) -> str:
    new = _wanted("new", given)
    lines = read_text(root, given.path).splitlines(keepends=True)
    if given.line is None or given.line > len(lines):
        raise Unreadable(f"line: must be 0 to {len(lines)} for insert in {given.path}.")
    if given.line and not lines[given.line - 1].endswith("\n"):
        lines[given.line - 1] += "\n"
    write_text(root, given.path, "".join([*lines[: given.line], new if new.endswith("\n") else new + "\n", *lines[given.line :]]))
    return f"Inserted after line {given.line} of {given.path}."
