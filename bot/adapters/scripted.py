"""A model that plays a scenario: for the demo, for tests, and for trying the bot without a key.

A scenario file is a list of scenes. Each names a role and, where need be, a project's number, words of its title and a cycle:

    - role: execution
      title: Parser loses the last line
      cycle: 1
      steps:
        - say: I look at it first.
          bash: {command: cat parser.py}
        - edit: {do: replace, path: parser.py, old: "[:-1]", new: ""}
        - calls:                                  # several tools in one step
            - bash: {command: git commit -am "Keep the last line"}
            - finish: {report: Keep the last line}
        - error: overloaded                       # a ModelErrorKind, once
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import Price, Rate, Usage
from bot.core.roles.role import Role
from bot.core.runs.conversation import (
    Block,
    Message,
    Purpose,
    Reply,
    Request,
    Speaker,
    StopReason,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)

SCRIPTED = "scripted"
_LONGEST_REFUSAL = 300
RATE = Rate(input=2_000_000, output=10_000_000, cache_read=200_000, cache_write=2_500_000)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One reply. `error` is raised instead, the first time that the step comes up; the step itself is then passed over."""

    say: str = ""
    calls: tuple[tuple[str, Mapping[str, object]], ...] = ()
    error: ModelErrorKind | None = None
    resume_at: datetime | None = None
    usage: Usage | None = None
    stop: StopReason | None = None


Line = Step | Callable[[Request], Step]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A conversation. With `any_number` it is played for each project that it fits, else for the first only."""

    role: Role
    steps: tuple[Line, ...]
    project: int | None = None
    title: str | None = None
    cycle: int | None = None
    any_number: bool = False

    def fits(self, request: Request) -> bool:
        purpose = request.purpose
        return (
            self.role is purpose.role
            and self.project in (None, purpose.project)
            and self.cycle in (None, purpose.cycle)
            and (self.title is None or self.title in _opening(request))
        )

    def name(self) -> str:
        where = [f"project {self.project}"] if self.project is not None else []
        where += [repr(self.title)] if self.title is not None else []
        where += [f"cycle {self.cycle}"] if self.cycle is not None else []
        return " ".join([self.role.value, *where])


def step(name: str, /, **given: object) -> Step:
    """One call of one tool."""
    return Step(calls=((name, given),))


@dataclass
class _Playing:
    scene: Scene
    furthest: int = 0
    fired: int = 0
    """Steps with an error that have been raised; each only once, however often the conversation begins again."""

    @property
    def over(self) -> bool:
        return self.furthest >= sum(1 for line in self.scene.steps if not _is_error(line))


class ScriptedModel:
    """Thread-safe. Where a conversation stands is read off the request itself, so a run that is resumed goes on, and one that lost
    its machine begins again, as with a real model."""

    def __init__(self, scenes: Sequence[Scene], *, rate: Rate = RATE, context: int = 1_000_000) -> None:
        self._scenes = tuple(scenes)
        self._rate, self._context = rate, context
        self._lock = threading.Lock()
        self._playing: dict[tuple[Role, int, int], _Playing] = {}
        self._begun: set[int] = set()

    def add(self, *scenes: Scene) -> None:
        with self._lock:
            self._scenes = (*self._scenes, *scenes)

    @property
    def scripted(self) -> bool:
        return True

    def price(self, model: str) -> Price:
        return Price(model=model, rate=self._rate, context=self._context)

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        if cancelled():
            raise ModelError(ModelErrorKind.CANCELLED, "Stopped.")
        with self._lock:
            line = self._line(request)
        now = line if isinstance(line, Step) else line(request)
        if now.error is not None:
            raise ModelError(now.error, f"The scenario says so: {now.error.value}.", resume_at=now.resume_at)
        return _reply(now, request)

    def _line(self, request: Request) -> Line:
        purpose = request.purpose
        key = (purpose.role, purpose.project, purpose.cycle)
        said = sum(1 for message in request.messages if message.speaker is Speaker.ASSISTANT)
        playing = self._playing.get(key)
        if playing is None or (said == 0 and playing.over):
            playing = self._playing[key] = _Playing(self._take(request))
        errors = 0
        spoken = 0
        for line in playing.scene.steps:
            if _is_error(line):
                errors += 1
                if spoken == said and errors > playing.fired:
                    playing.fired = errors
                    return line
                continue
            if spoken == said:
                playing.furthest = max(playing.furthest, said + 1)
                return line
            spoken += 1
        missing = f"The scenario's scene {playing.scene.name()!r} has no step {said + 1}, which {_whose(purpose)} asks for"
        refused = _refused(request)
        raise ScenarioError(f"{missing}; its last reply was refused: {refused}" if refused else f"{missing}.")

    def _take(self, request: Request) -> Scene:
        for index, scene in enumerate(self._scenes):
            if scene.fits(request) and (scene.any_number or index not in self._begun):
                self._begun.add(index)
                return scene
        raise ScenarioError(f"The scenario has no scene (left) for {_whose(request.purpose)}.")

    def unused(self) -> tuple[str, ...]:
        """Scenes that nobody asked for, and those left before their end; a test and the demo fail on any."""
        with self._lock:
            never = [f"{scene.name()}: never played" for index, scene in enumerate(self._scenes) if index not in self._begun]
            cut = [
                f"{playing.scene.name()}: left after step {playing.furthest} of {len(playing.scene.steps)}"
                for playing in self._playing.values()
                if not playing.over
            ]
        return (*never, *cut)


def _refused(request: Request) -> str:
    """What a tool said to the last reply, where it would not take it: most likely why a further one is wanted."""
    blocks = request.messages[-1].blocks if request.messages else ()
    return " ".join(block.content for block in blocks if isinstance(block, ToolResultBlock) and block.is_error)[:_LONGEST_REFUSAL]


class ScenarioError(Exception):
    """The scenario and what happened do not fit; a fault of the scenario, never an answer to be handled."""


def _is_error(line: Line) -> bool:
    return isinstance(line, Step) and line.error is not None


def _whose(purpose: Purpose) -> str:
    return f"{purpose.role.value} of project {purpose.project}, cycle {purpose.cycle}, run {purpose.run}"


def _opening(request: Request) -> str:
    first = request.messages[0].blocks if request.messages else ()
    return "\n".join(block.text for block in first if isinstance(block, TextBlock))


def _reply(now: Step, request: Request) -> Reply:
    blocks: list[Block] = [TextBlock(text=now.say)] if now.say else []
    count = len(request.messages)
    for index, (name, given) in enumerate(now.calls):
        blocks.append(ToolUseBlock(id=f"call_{count}_{index}", name=name, input=_filled(given, request.purpose)))
    message = Message(speaker=Speaker.ASSISTANT, blocks=tuple(blocks))
    stop = now.stop or (StopReason.TOOL_USE if now.calls else StopReason.END_TURN)
    return Reply(message=message, stop=stop, usage=now.usage or _usage(request, message), model=SCRIPTED)


def _filled(given: Any, purpose: Purpose) -> Any:
    """`${project}` and `${cycle}` in any text of a step, so that one scene can serve many projects."""
    match given:
        case str():
            return given.replace("${project}", str(purpose.project)).replace("${cycle}", str(purpose.cycle))
        case Mapping():
            return {key: _filled(value, purpose) for key, value in given.items()}
        case list() | tuple():
            return [_filled(value, purpose) for value in given]
        case _:
            return given


def _usage(request: Request, message: Message) -> Usage:
    """A quarter of a token a byte, and the cache as it would be: all but the newest message was there before."""
    sizes = [_size(each) for each in request.messages]
    fixed = len(request.system.encode()) // 4
    new = sizes[-1] if sizes else 0
    before = fixed + sum(sizes) - new
    return Usage(
        input=4, output=_size(message) + 1, cache_read=before if len(sizes) > 1 else 0, cache_write=new if len(sizes) > 1 else before + new
    )


def _size(message: Message) -> int:
    total = 0
    for block in message.blocks:
        match block:
            case TextBlock(text=text) | ToolResultBlock(content=text):
                total += len(text.encode())
            case ToolUseBlock(input=given):
                total += len(repr(dict(given)).encode())
            case _:
                total += len(repr(block).encode())
    return total // 4
