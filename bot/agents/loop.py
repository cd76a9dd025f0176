"""The agent loop: ask the model, do what it asks, tell it what came of it, until it is finished or a limit is hit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.agents.asking import Afford, EndOfGrant, ask
from bot.agents.outside import Outside, Progress
from bot.agents.tools import Call, Done, GivenUp, Offer, Said, checked
from bot.agents.transcript import Conversation, read_back, tool_uses, user
from bot.core.conversation import Reply, StopReason, ToolResult
from bot.core.money import Price, dollars
from bot.core.run import Brief, Ending, Spend
from bot.core.trouble import ModelTrouble, ModelTroubleKind, UserError

_REMINDERS = 2
_REMINDER = "Go on with a tool call; when there is nothing left to do, end with the tool that ends the task."
_CUT = "Your answer was cut off at its length limit, so this did not run. Send it again in smaller pieces."
_GOES_ON = "The work goes on in a new stretch: {rest}. The files are as you left them."
_WARNING = "Only a little is left: {rest}. Wrap up now: keep what is done and end with the tool that ends the task."


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a conversation ended; `value` is what the ending tool was called with, when it FINISHED."""

    ending: Ending
    note: str
    value: object = None
    steps: int
    spend: Spend
    transcript: str | None
    resume_at: datetime | None = None


@dataclass
class Stretch:
    """One segment of a conversation and what it has used of its grant."""

    brief: Brief
    outside: Outside
    system: str
    offers: tuple[Offer[Any], ...]
    price: Price
    began: datetime
    conversation: Conversation
    steps: int = 0
    spend: Spend = field(default_factory=Spend)
    warned: bool = False
    reminders: int = 0

    def time_left(self) -> timedelta:
        return self.began + self.brief.grant.time - self.outside.clock.now()

    def rest(self) -> str:
        grant = self.brief.grant
        money = dollars(type(grant.money)(max(grant.money - self.spend.money, 0)))
        return f"{grant.steps - self.steps} steps, {money}, {max(int(self.time_left().total_seconds() // 60), 0)} minutes"

    def say(self, doing: str) -> None:
        grant = self.brief.grant
        self.outside.watch(Progress(step=self.steps, steps=grant.steps, spent=self.spend.money, doing=doing))

    def ended(self, ending: Ending, note: str, *, value: object = None, resume_at: datetime | None = None, afresh: bool = False) -> Ended:
        transcript = None if afresh else self.conversation.text()
        return Ended(ending=ending, note=note, value=value, steps=self.steps, spend=self.spend, transcript=transcript, resume_at=resume_at)


def begin(brief: Brief, outside: Outside, *, system: str, opening: str, price: Price) -> Stretch:
    """The stretch with its conversation: the saved one where there is one, else a new one with `opening`. It has no tools yet."""
    going_on = read_back(brief.transcript)
    conversation = going_on or Conversation()
    stretch = Stretch(
        brief=brief, outside=outside, system=system, offers=(), price=price, began=outside.clock.now(), conversation=conversation
    )
    conversation.add(user(_GOES_ON.format(rest=stretch.rest())) if going_on else user(opening))
    return stretch


def converse(stretch: Stretch) -> Ended:
    """Query, act, observe. Never raises what the model, its vendor or a tool's input can cause: each is an ending."""
    while True:
        if stretch.outside.cancelled():
            return stretch.ended(Ending.STOPPED, "Stopped, with its work kept.")
        try:
            reply = _query(stretch)
        except EndOfGrant as end:
            return stretch.ended(Ending.UNFINISHED, str(end))
        except ModelTrouble as trouble:
            return _troubled(stretch, trouble)
        try:
            ended = _observe(stretch, reply)
        except UserError as error:
            # The sandbox, say, is not there: what was spent so far is handed back all the same.
            return stretch.ended(Ending.FAILED, str(error))
        stretch.outside.save(stretch.conversation.text())
        if ended is not None:
            return ended


def _query(stretch: Stretch) -> Reply:
    grant = stretch.brief.grant
    if stretch.steps >= grant.steps:
        raise EndOfGrant(f"All {grant.steps} steps of the grant are used.")
    afford = Afford(stretch)
    if not stretch.warned and (stretch.steps + 2 >= grant.steps or afford.is_nearly_the_last()):
        stretch.warned = True
        if grant.steps > 2:
            stretch.conversation.add(user(_WARNING.format(rest=stretch.rest())))
    stretch.say("waits for the model")
    reply = ask(stretch, afford)
    stretch.steps += 1
    # An empty message is an answer that the API would not take back.
    stretch.conversation.answered(reply.usage, reply.message if reply.message.blocks else None)
    stretch.outside.save(stretch.conversation.text())
    return reply


def _observe(stretch: Stretch, reply: Reply) -> Ended | None:
    uses = tool_uses(reply.message)
    if reply.stop is StopReason.REFUSAL:
        return stretch.ended(Ending.FAILED, "The model declined to go on with this.", afresh=True)
    if reply.stop is StopReason.CONTEXT_FULL:
        return _context_full(stretch)
    if not uses:
        return _remind(stretch, reply)
    stretch.reminders = 0
    results: list[ToolResult] = []
    ended: Ended | None = None
    for use in uses:
        if ended is not None or stretch.outside.cancelled():
            results.append(ToolResult(id=use.id, content="Not run: the work had ended.", is_error=True))
            continue
        if reply.stop is StopReason.MAX_TOKENS and use is uses[-1]:
            results.append(ToolResult(id=use.id, content=_CUT, is_error=True))
            continue
        call = checked(use, stretch.offers)
        acted = _carry_out(stretch, call) if isinstance(call, Call) else call
        match acted:
            case Said(text=text, is_error=is_error):
                results.append(ToolResult(id=use.id, content=text, is_error=is_error))
            case Done(value=value):
                results.append(ToolResult(id=use.id, content="Taken."))
                ended = stretch.ended(Ending.FINISHED, "Finished.", value=value)
            case GivenUp(why=why):
                results.append(ToolResult(id=use.id, content="Taken."))
                ended = stretch.ended(Ending.FAILED, f"The agent gave up: {why}", afresh=True)
    stretch.conversation.add(user(results=results))
    if ended is not None and ended.transcript is not None:
        return stretch.ended(ended.ending, ended.note, value=ended.value)
    return ended


def _carry_out(stretch: Stretch, call: Call) -> Said | Done | GivenUp:
    stretch.say(call.doing)
    return call.act()


def _remind(stretch: Stretch, reply: Reply) -> Ended | None:
    if reply.stop is StopReason.PAUSE:
        return None
    stretch.reminders += 1
    if stretch.reminders > _REMINDERS:
        return stretch.ended(Ending.FAILED, f"The model ended its turn {stretch.reminders} times without calling a tool.", afresh=True)
    stretch.conversation.add(user(_CUT if reply.stop is StopReason.MAX_TOKENS else _REMINDER))
    return None


def _context_full(stretch: Stretch) -> Ended:
    if stretch.steps <= 1:
        return stretch.ended(
            Ending.FAILED, "The task does not fit the model's context; use a model with a larger one, or split it.", afresh=True
        )
    return stretch.ended(
        Ending.UNFINISHED, "The model's context is full; the next stretch begins a new conversation on this work.", afresh=True
    )


def _troubled(stretch: Stretch, trouble: ModelTrouble) -> Ended:
    kind, words = trouble.kind, str(trouble)
    match kind:
        case ModelTroubleKind.CANCELLED:
            return stretch.ended(Ending.STOPPED, "Stopped, with its work kept.")
        case ModelTroubleKind.SPEND_LIMITED | ModelTroubleKind.USAGE_LIMITED:
            return stretch.ended(Ending.LIMITED, f"The model's vendor says {kind.value}: {words}", resume_at=trouble.resume_at)
        case ModelTroubleKind.RATE_LIMITED | ModelTroubleKind.OVERLOADED | ModelTroubleKind.UNREACHABLE:
            note = f"The model was {kind.value} longer than this stretch could wait: {words}"
            soon = stretch.outside.clock.now() + timedelta(minutes=5)
            return stretch.ended(Ending.LIMITED, note, resume_at=max(trouble.resume_at or soon, soon))
        case ModelTroubleKind.CONTEXT_FULL:
            return _context_full(stretch)
        case ModelTroubleKind.UNAUTHORIZED:
            return stretch.ended(Ending.FAILED, f"The model's vendor refused the key: {words} Set a valid key where the bot is configured.")
        case ModelTroubleKind.UNPRICED:
            return stretch.ended(Ending.FAILED, f"{words} Name a model with a known price in the configuration, or add its price.")
        case ModelTroubleKind.REFUSED:
            return stretch.ended(
                Ending.FAILED, f"The model's vendor refused the request: {words} Check the model's name in the configuration."
            )
