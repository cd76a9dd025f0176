"""One thing that setting up or taking away would do: first as data that can be shown, then done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from github import GithubException

from bot.core.errors.user_errors import UserError
from bot.entry.setup.target import said


class State(Enum):
    DONE = "done"
    TO_DO = "to do"
    YOURS = "yours"
    """Left to a person, with what is needed said in `why`."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What `init` made, so that `uninstall` takes away that and nothing else. `protected`: whether the branch's whole rule is ours."""

    labels: tuple[str, ...] = ()
    board: int | None = None
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    required: str | None = None
    """The branch on which `init` made the review's check required."""
    protected: bool = False
    plain: str | None = None
    """Why GitHub gives this repository no environments, so that secrets are plain ones of the repository."""

    uninstalled: tuple[str, ...] = ()
    """Apps that were made, whose installation nobody saw."""

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def remembered(text: str | None) -> Memory:
    """Anybody with the right may have written over the variable, so what does not fit is taken for nothing."""
    try:
        kept: Any = json.loads(text or "{}")
        names = {name: tuple(str(one) for one in kept.get(name) or ()) for name in ("labels", "variables", "secrets", "uninstalled")}
        board, required, plain = kept.get("board"), kept.get("required"), kept.get("plain")
        return Memory(
            **names,
            board=board if isinstance(board, int) else None,
            required=required if isinstance(required, str) else None,
            protected=kept.get("protected") is True,
            plain=plain if isinstance(plain, str) else None,
        )
    except (ValueError, TypeError, AttributeError):
        return Memory()


def nothing(memory: Memory) -> Memory:
    return memory


@dataclass(frozen=True, kw_only=True)
class Step:
    """`do` carries it out and answers with what is to be remembered from then on.

    Where an `optional` step fails, the rest is not worse off; `otherwise` says how a person can mend it.
    """

    what: str
    why: str
    state: State
    do: Callable[[Memory], Memory] = nothing
    optional: bool = False
    otherwise: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    step: Step
    reason: str


def carry_out(
    steps: Iterable[Step],
    memory: Memory,
    *,
    begun: Callable[[Step], None],
    failed: Callable[[Failure], None],
    keep: Callable[[Memory], None],
) -> tuple[Failure, ...]:
    """Does what is to do, in order; what fails is told and does not hold up what follows. `keep` gets the memory each time it changed."""
    failures: list[Failure] = []
    for step in steps:
        if step.state is not State.TO_DO:
            continue
        begun(step)
        try:
            after = step.do(memory)
            if after != memory:
                memory = after
                keep(memory)
        except (GithubException, UserError, OSError) as error:
            reason = said(error) if isinstance(error, GithubException) else str(error)
            failures.append(Failure(step=step, reason=reason))
            failed(failures[-1])
    return tuple(failures)
