"""The agent loop: ask the model, do what it asks, tell it what came of it, until it is finished or a limit is hit."""

from __future__ import annotations

from datetime import timedelta

from bot.agents.model_requests import BudgetCheck, ask
from bot.agents.run_ports import RunPorts
from bot.agents.segment import GrantExhausted, Segment, SegmentResult
from bot.agents.tools import Finished, GaveUp, ToolCall, ToolResult, checked_call
from bot.agents.transcript import Conversation, read_back, tool_uses, user
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Price
from bot.core.runs.conversation import Reply, StopReason, ToolResultBlock
from bot.core.runs.run import Brief, Ending

_REMINDERS = 2
_REMINDER = "Go on with a tool call; when there is nothing left to do, end with the tool that ends the task."
_CUT = "Your answer was cut off at its length limit, so this did not run. Send it again in smaller pieces."
_GOES_ON = "The work goes on in a new segment: {rest}. The files are as you left them."
_WARNING = "Only a little is left: {rest}. Wrap up now: keep what is done and end with the tool that ends the task."


def begin(brief: Brief, ports: RunPorts, *, system: str, opening: str, going_on: str = "", price: Price) -> Segment:
    """The segment with its conversation: the saved one where there is one, to which `going_on` is news, else a new one with `opening`.

    It has no tools yet.
    """
    saved = read_back(brief.transcript)
    conversation = saved or Conversation()
    segment = Segment(brief=brief, ports=ports, system=system, tools=(), price=price, began=ports.clock.now(), conversation=conversation)
    news = (_GOES_ON.format(rest=segment.rest()), *((going_on,) if going_on else ()))
    conversation.add(user(*news) if saved else user(opening))
    return segment


def converse(segment: Segment) -> SegmentResult:
    """Query, act, observe. Never raises what the model, its vendor or a tool's input can cause: each is an ending."""
    while True:
        if segment.ports.cancelled():
            return segment.ended(Ending.STOPPED, "Stopped, with its work kept.")
        try:
            reply = _query(segment)
        except GrantExhausted as end:
            return segment.ended(Ending.UNFINISHED, str(end))
        except ModelError as error:
            return _ended_by_error(segment, error)
        try:
            ended = _observe(segment, reply)
        except UserError as error:
            # The sandbox, say, is not there: what was spent so far is handed back all the same.
            return segment.ended(Ending.FAILED, str(error))
        segment.ports.save(segment.conversation.text())
        if ended is not None:
            return ended


def _query(segment: Segment) -> Reply:
    grant = segment.brief.grant
    if segment.steps >= grant.steps:
        raise GrantExhausted(f"All {grant.steps} steps of the grant are used.")
    budget = BudgetCheck(segment)
    if not segment.warned and (segment.steps + 2 >= grant.steps or budget.is_nearly_the_last()):
        segment.warned = True
        if grant.steps > 2:
            segment.conversation.add(user(_WARNING.format(rest=segment.rest())))
    segment.say("waits for the model")
    reply = ask(segment, budget)
    segment.steps += 1
    # An empty message is an answer that the API would not take back.
    segment.conversation.answered(reply.usage, reply.message if reply.message.blocks else None)
    segment.ports.save(segment.conversation.text())
    return reply


def _observe(segment: Segment, reply: Reply) -> SegmentResult | None:
    uses = tool_uses(reply.message)
    if reply.stop is StopReason.REFUSAL:
        return segment.ended(Ending.FAILED, "The model declined to go on with this.", afresh=True)
    if reply.stop is StopReason.CONTEXT_FULL:
        return _context_full(segment)
    if not uses:
        return _remind(segment, reply)
    segment.reminders = 0
    results: list[ToolResultBlock] = []
    ended: SegmentResult | None = None
    for use in uses:
        if ended is not None or segment.ports.cancelled():
            results.append(ToolResultBlock(id=use.id, content="Not run: the work had ended.", is_error=True))
            continue
        if reply.stop is StopReason.MAX_TOKENS and use is uses[-1]:
            results.append(ToolResultBlock(id=use.id, content=_CUT, is_error=True))
            continue
        call = checked_call(use, segment.tools)
        outcome = _carry_out(segment, call) if isinstance(call, ToolCall) else call
        match outcome:
            case ToolResult(text=text, is_error=is_error):
                results.append(ToolResultBlock(id=use.id, content=text, is_error=is_error))
            case Finished(value=value):
                results.append(ToolResultBlock(id=use.id, content="Taken."))
                ended = segment.ended(Ending.FINISHED, "Finished.", value=value)
            case GaveUp(why=why):
                results.append(ToolResultBlock(id=use.id, content="Taken."))
                ended = segment.ended(Ending.GAVE_UP, f"The agent gave up: {why}", afresh=True)
    segment.conversation.add(user(results=results))
    if ended is not None and ended.transcript is not None:
        return segment.ended(ended.ending, ended.note, value=ended.value)
    return ended


def _carry_out(segment: Segment, call: ToolCall) -> ToolResult | Finished | GaveUp:
    segment.say(call.doing)
    return call.act()


def _remind(segment: Segment, reply: Reply) -> SegmentResult | None:
    if reply.stop is StopReason.PAUSE:
        return None
    segment.reminders += 1
    if segment.reminders > _REMINDERS:
        return segment.ended(Ending.FAILED, f"The model ended its turn {segment.reminders} times without calling a tool.", afresh=True)
    segment.conversation.add(user(_CUT if reply.stop is StopReason.MAX_TOKENS else _REMINDER))
    return None


def _context_full(segment: Segment) -> SegmentResult:
    if segment.steps <= 1:
        return segment.ended(
            Ending.FAILED, "The task does not fit the model's context; use a model with a larger one, or split it.", afresh=True
        )
    return segment.ended(
        Ending.UNFINISHED, "The model's context is full; the next segment begins a new conversation on this work.", afresh=True
    )


def _ended_by_error(segment: Segment, error: ModelError) -> SegmentResult:
    kind, words = error.kind, str(error)
    match kind:
        case ModelErrorKind.CANCELLED:
            return segment.ended(Ending.STOPPED, "Stopped, with its work kept.")
        case ModelErrorKind.SPEND_LIMITED | ModelErrorKind.USAGE_LIMITED:
            return segment.ended(Ending.LIMITED, f"The model's vendor says {kind.value}: {words}", resume_at=error.resume_at)
        case ModelErrorKind.RATE_LIMITED | ModelErrorKind.OVERLOADED | ModelErrorKind.UNREACHABLE:
            note = f"The model was {kind.value} longer than this segment could wait: {words}"
            soon = segment.ports.clock.now() + timedelta(minutes=5)
            return segment.ended(Ending.LIMITED, note, resume_at=max(error.resume_at or soon, soon))
        case ModelErrorKind.CONTEXT_FULL:
            return _context_full(segment)
        case ModelErrorKind.UNAUTHORIZED:
            return segment.ended(Ending.FAILED, f"The model's vendor refused the key: {words} Set a valid key where the bot is configured.")
        case ModelErrorKind.UNPRICED:
            return segment.ended(Ending.FAILED, f"{words} Name a model with a known price in the configuration, or add its price.")
        case ModelErrorKind.REFUSED:
            return segment.ended(
                Ending.FAILED, f"The model's vendor refused the request: {words} Check the model's name in the configuration."
            )
