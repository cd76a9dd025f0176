"""Making a run ready: its checkout with the environment over it, the gates on the base, and fresh checkouts to judge its work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.agents.gates import run_baseline
from bot.agents.outside import Fresh
from bot.core.effects import StartRun
from bot.core.project import Conflict
from bot.core.roles import Role
from bot.core.run import GateResult
from bot.core.started import Started
from bot.flows.means import RunMeans
from bot.ports import Sandbox, Workspace
from bot.ports.environments import Prepared, Unprepared


@dataclass(frozen=True, kw_only=True)
class Ready:
    sandbox: Sandbox
    workspace: Workspace
    products: tuple[str, ...]
    baseline: tuple[GateResult, ...]
    means: RunMeans
    start: StartRun
    cancelled: Callable[[], bool]

    @contextmanager
    def fresh(self, bundle: bytes, head: str) -> Iterator[Fresh | str]:
        """The commits are taken in as publishing takes them in; what it would refuse is judged by nobody."""
        start, means = self.start, self.means
        admitted = means.code.admit(bundle, base=start.head or start.base, head=head, known=start.base)
        if isinstance(admitted, str):
            yield f"what would be published was not accepted: {admitted}"
            return
        with means.environments.prepared(start.base, head=admitted.head, cancelled=self.cancelled) as prepared:
            if isinstance(prepared, Unprepared):
                yield f"{prepared.why}\n{prepared.output[-4_000:]}"
                return
            checkout = means.code.workspace(admitted.head, branch=None, author=f"agent-{start.agent}")
            try:
                yield Fresh(sandbox=prepared.sandbox, workspace=checkout, paths=admitted.paths)
            finally:
                checkout.close()


@contextmanager
def making_ready(
    means: RunMeans, started: Started, *, cancelled: Callable[[], bool], say: Callable[[str], None]
) -> Iterator[Ready | Unprepared]:
    """Raises `GitTrouble`."""
    start = started.start
    commit = _commit(means, start)
    with means.environments.prepared(start.base, head=commit, cancelled=cancelled, say=say) as prepared:
        if isinstance(prepared, Unprepared):
            yield prepared
            return
        baseline = _baseline(means, started, prepared, cancelled, say) if start.role is Role.EXECUTION else ()
        workspace = _workspace(means, start, commit)
        try:
            yield Ready(
                sandbox=prepared.sandbox,
                workspace=workspace,
                products=prepared.products,
                baseline=baseline,
                means=means,
                start=start,
                cancelled=cancelled,
            )
        finally:
            workspace.close()


def _baseline(
    means: RunMeans, started: Started, prepared: Prepared, cancelled: Callable[[], bool], say: Callable[[str], None]
) -> tuple[GateResult, ...]:
    """Once for a commit of the default branch; of a run that was stopped meanwhile nothing is kept."""
    base, gates = started.start.base, started.brief.gates
    known = means.environments.baseline(base)
    told = [(one.gate, one.command) for one in known or ()]
    if known is not None and all((gate.gate, gate.command) in told for gate in gates):
        return known
    checkout = means.code.workspace(base, branch=None, author="groundskeeper")
    try:
        with means.environments.prepared(base, cancelled=cancelled, say=say) as on_base:
            sandbox = on_base.sandbox if isinstance(on_base, Prepared) else prepared.sandbox
            results = run_baseline(gates, sandbox, checkout.path, cancelled=cancelled, say=lambda doing: say(f"on the base, {doing}"))
    finally:
        checkout.close()
    if not cancelled():
        means.environments.keep_baseline(base, results)
    return results


def _commit(means: RunMeans, start: StartRun) -> str:
    """What the run sees: for a review the merge, where there is one."""
    if start.role is Role.REVIEW and start.head is not None:
        merged = means.code.merged(start.base, start.head)
        return start.head if isinstance(merged, Conflict) else merged
    return (start.head or start.base) if start.role is Role.EXECUTION else start.base


def _workspace(means: RunMeans, start: StartRun, commit: str) -> Workspace:
    author = f"agent-{start.agent}"
    if start.role is Role.EXECUTION:
        return means.code.workspace(commit, branch=f"{author}/work", author=author, beside=start.base)
    return means.code.workspace(commit, branch=None, author=author)
