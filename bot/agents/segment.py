"""One segment of a conversation with a model: what it works with, what it has used of its grant, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.agents.run_ports import Progress, RunPorts
from bot.agents.tools import ToolSpec
from bot.agents.transcript import Conversation
from bot.core.money.pricing import Price, dollars
from bot.core.runs.run import Brief, Ending, Spend


class GrantExhausted(Exception):
    """What of the grant is used up, as a sentence."""


@dataclass(frozen=True, kw_only=True)
class SegmentResult:
    """How a conversation ended; `value` is what the ending tool was called with, when it FINISHED."""

    ending: Ending
    note: str
    value: object = None
    steps: int
    spend: Spend
    transcript: str | None
    resume_at: datetime | None = None


@dataclass
class Segment:
    """One segment of a conversation and what it has used of its grant."""

    brief: Brief
    ports: RunPorts
    system: str
    tools: tuple[ToolSpec[Any], ...]
    price: Price
    began: datetime
    conversation: Conversation
    steps: int = 0
    spend: Spend = field(default_factory=Spend)
    warned: bool = False
    reminders: int = 0

    def time_left(self) -> timedelta:
        return self.began + self.brief.grant.time - self.ports.clock.now()

    def rest(self) -> str:
        grant = self.brief.grant
        money = dollars(type(grant.money)(max(grant.money - self.spend.money, 0)))
        return f"{grant.steps - self.steps} steps, {money}, {max(int(self.time_left().total_seconds() // 60), 0)} minutes"

    def say(self, doing: str) -> None:
        grant = self.brief.grant
        self.ports.watch(Progress(step=self.steps, steps=grant.steps, spent=self.spend.money, doing=doing))

    def ended(
        self, ending: Ending, note: str, *, value: object = None, resume_at: datetime | None = None, afresh: bool = False
    ) -> SegmentResult:
        transcript = None if afresh else self.conversation.text()
        return SegmentResult(
            ending=ending, note=note, value=value, steps=self.steps, spend=self.spend, transcript=transcript, resume_at=resume_at
        )
