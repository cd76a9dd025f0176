"""Making a run ready: its checkout with the environment over it, the gates on the base, and fresh checkouts to judge its work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bot.agents.gates import run_baseline
from bot.agents.run_ports import Fresh
from bot.core.decisions.effects import StartRun
from bot.core.decisions.started_run import StartedRun
from bot.core.evidence.weakening import names, put_back
from bot.core.facts.project import Conflict
from bot.core.roles.role import Role
from bot.core.runs.run import GateResult
from bot.core.secrets.detection import told
from bot.flows.context import RunContext
from bot.ports import Admitted, Sandbox, Workspace
from bot.ports.environments import Prepared, Unprepared


@dataclass(frozen=True, kw_only=True)
class Ready:
    sandbox: Sandbox
    workspace: Workspace
    products: tuple[str, ...]
    baseline: tuple[GateResult, ...]
    prepared: Prepared
    context: RunContext
    start: StartRun
    wish: str
    """The issue's own words."""
    cancelled: Callable[[], bool]

    @contextmanager
    def fresh(self, bundle: bytes, head: str) -> Iterator[Fresh | str]:
        """The commits are taken in as publishing takes them in; what it would refuse is judged by nobody."""
        start, context = self.start, self.context
        admitted = context.code.admit(bundle, base=start.head or start.base, head=head, known=start.base, agent=start.agent)
        if isinstance(admitted, str):
            yield f"what would be published was not accepted: {admitted}"
            return
        if admitted.secrets:
            yield f"it would make secrets public: {told(admitted.secrets)}. Take them out of the commits themselves, not by one more commit"
            return
        with context.environments.prepared(start.base, head=admitted.head, cancelled=self.cancelled) as prepared:
            if isinstance(prepared, Unprepared):
                yield f"{prepared.why}\n{prepared.output[-4_000:]}"
                return
            checkout = context.code.workspace(
                admitted.head, branch=None, author=f"agent-{start.agent}", beside=start.base, restored=self._definitions(admitted)
            )
            try:
                yield Fresh(sandbox=prepared.sandbox, workspace=checkout, paths=admitted.paths)
            finally:
                checkout.close()

    def _definitions(self, admitted: Admitted) -> tuple[str, ...]:
        """What says how work is judged stands as the base has it, unless the issue asks for another."""
        unasked_for = [change for change in admitted.judging if not names(self.wish, change.path)]
        there = self.context.code.files(self.start.base, [change.path for change in unasked_for])
        return put_back([change for change in unasked_for if change.path in there])


@contextmanager
def making_ready(
    context: RunContext, started: StartedRun, *, cancelled: Callable[[], bool], say: Callable[[str], None]
) -> Iterator[Ready | Unprepared]:
    """Raises `GitError`."""
    start = started.start
    commit = _commit(context, start)
    with ExitStack() as held:
        prepared = held.enter_context(context.environments.prepared(start.base, head=commit, cancelled=cancelled, say=say))
        if isinstance(prepared, Unprepared) and commit != start.base:
            # What the branch asks for cannot be installed, and its gates will say so; with the base's environment it can be mended.
            prepared = held.enter_context(context.environments.prepared(start.base, cancelled=cancelled, say=say))
        if isinstance(prepared, Unprepared):
            yield prepared
            return
        baseline = _baseline(context, started, prepared, cancelled, say) if start.role is Role.EXECUTION else ()
        workspace = _workspace(context, start, commit)
        try:
            yield Ready(
                sandbox=prepared.sandbox,
                workspace=workspace,
                products=prepared.products,
                baseline=baseline,
                prepared=prepared,
                context=context,
                start=start,
                wish=f"{started.brief.title}\n{started.brief.body}",
                cancelled=cancelled,
            )
        finally:
            workspace.close()


def _baseline(
    context: RunContext, started: StartedRun, prepared: Prepared, cancelled: Callable[[], bool], say: Callable[[str], None]
) -> tuple[GateResult, ...]:
    """Once for a commit of the default branch; of a run that was stopped meanwhile nothing is kept."""
    base, gates = started.start.base, started.brief.gates
    known = context.environments.baseline(base)
    judged = [(one.gate, one.command) for one in known or ()]
    if known is not None and all((gate.gate, gate.command) in judged for gate in gates):
        return known
    checkout = context.code.workspace(base, branch=None, author="groundskeeper")
    try:
        with context.environments.prepared(base, cancelled=cancelled, say=say) as on_base:
            sandbox = on_base.sandbox if isinstance(on_base, Prepared) else prepared.sandbox
            results = run_baseline(gates, sandbox, checkout.path, cancelled=cancelled, say=lambda doing: say(f"on the base, {doing}"))
    finally:
        checkout.close()
    if not cancelled():
        context.environments.keep_baseline(base, results)
    return results


def _commit(context: RunContext, start: StartRun) -> str:
    """What the run sees: for a review the merge, where there is one."""
    if start.role is Role.REVIEW and start.head is not None:
        merged = context.code.merged(start.base, start.head)
        return start.head if isinstance(merged, Conflict) else merged
    return (start.head or start.base) if start.role is Role.EXECUTION else start.base


def _workspace(context: RunContext, start: StartRun, commit: str) -> Workspace:
    author = f"agent-{start.agent}"
    if start.role is Role.EXECUTION:
        return context.code.workspace(commit, branch=f"{author}/work", author=author, beside=start.base)
    return context.code.workspace(commit, branch=None, author=author)
