"""Several mutations in one document, each with its own alias, its own input and its own answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.github.client import Answer, Client


@dataclass(kw_only=True)
class MutationBatch:
    """What is to be sent together; `about` says for each alias which mutation it is, and for which issue."""

    parts: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    about: dict[str, tuple[str, int]] = field(default_factory=dict)
    creates: int = 0

    def add(self, mutation: str, inputs: Any, number: int, *, answer: str = "clientMutationId", creates: bool = False) -> str:
        """The alias under which the answer stands. GitHub names the input's type after the mutation, always."""
        alias = f"m{len(self.parts)}"
        self.heads.append(f"${alias}: {mutation[0].upper()}{mutation[1:]}Input!")
        self.parts.append(f"  {alias}: {mutation}(input: ${alias}) {{ {answer} }}")
        self.variables[alias] = inputs
        self.about[alias] = (mutation, number)
        self.creates += creates
        return alias

    def send(self, client: Client) -> Answer:
        if not self.parts:
            return Answer(data={}, errors=())
        document = f"mutation Show({', '.join(self.heads)}) {{\n" + "\n".join(self.parts) + "\n}"
        return client.mutate(document, self.variables, creates=self.creates)

    def wrong(self, answer: Answer) -> tuple[str, ...]:
        """What GitHub would not do, in its words, with the mutation and the issue that it was about."""
        return tuple(f"{self._place(error)}: {error.get('message')}" for error in answer.errors)

    def wrong_about(self, answer: Answer) -> frozenset[int]:
        """Issues for which something went wrong; all of them where GitHub does not say which."""
        places = [str((error.get("path") or ["?"])[0]) for error in answer.errors]
        if any(place not in self.about for place in places):
            return frozenset(number for _, number in self.about.values())
        return frozenset(self.about[place][1] for place in places)

    def _place(self, error: Mapping[str, Any]) -> str:
        alias = str((error.get("path") or ["?"])[0])
        mutation, number = self.about.get(alias, ("the request", 0))
        return f"{mutation} for #{number}" if number else mutation
