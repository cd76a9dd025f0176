"""The diff in parts, for a reviewer to whom not all of it could be shown at once; remembers what was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from bot.agents.tools import Input, ToolOutcome, ToolResult, ToolSpec
from bot.core.evidence.shown_diff import ShownDiff


class DiffInput(Input):
    path: Annotated[str, Field(min_length=1)]
    part: Annotated[int, Field(ge=1)] = 1


@dataclass
class Reading:
    diff: ShownDiff
    read: dict[str, set[int]] = field(default_factory=dict)

    def unseen(self) -> str | None:
        """Why it cannot be approved yet, with what is to be read."""
        if self.diff.left_out:
            names = ", ".join(self.diff.left_out[:10])
            return f"these files are too large to be shown to anybody here: {names}. Ask for a smaller change"
        open_parts = [(one.path, one.unseen(frozenset(self.read.get(one.path, ())))) for one in self.diff.files]
        told = [f"{path} (part {', '.join(map(str, parts[:10]))})" for path, parts in open_parts if parts]
        if not told:
            return None
        more = f" and {len(told) - 10} files more" if len(told) > 10 else ""
        return f"you have not seen all of it. Read with the diff tool: {', '.join(told[:10])}{more}"

    @property
    def complete(self) -> bool:
        return self.unseen() is None

    def tool(self) -> ToolSpec[DiffInput]:
        files = {one.path: one for one in self.diff.files}

        def act(given: DiffInput) -> ToolOutcome:
            one = files.get(given.path)
            if one is None:
                return ToolResult(text=f"path: {given.path} is not in the diff. There are: {', '.join(list(files)[:50])}", is_error=True)
            if given.part > one.parts:
                return ToolResult(text=f"part: {given.path} has {one.parts}", is_error=True)
            self.read.setdefault(given.path, set()).add(given.part)
            return ToolResult(text=f"[{given.path}, part {given.part} of {one.parts}]\n{one.part(given.part)}")

        return ToolSpec(
            name="diff",
            description="What changed in one file, in parts. Before approving, read those of which not all was shown.",
            input=DiffInput,
            act=act,
            summary=lambda given: f"{given.path} {given.part}",
        )
