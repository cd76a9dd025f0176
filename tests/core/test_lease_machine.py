"""The lease as a state machine: many would-be holders, a clock that moves, and never two who may act."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.core.facts.record import Holder, Lease, Record
from bot.core.lifecycle.lease import Refused, expired, released, renewed, taken
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from tests.core.facts import NOON, run

_LIFE = timedelta(minutes=15)
_agents = st.integers(1, 5)


class Leases(RuleBasedStateMachine):
    """Each agent believes that it holds the lease from the moment it was told so until it was told otherwise.
    What it may still do is decided by the record alone."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.record = Record(number=7)
        self.believes: dict[int, Holder] = {}
        self.attempts = 0
        self.epochs = [0]

    def _accept(self, after: Record | Refused) -> bool:
        if isinstance(after, Refused):
            assert after.reason
            return False
        self.record = after
        self.epochs.append(after.epoch)
        return True

    @rule(agent=_agents)
    def take(self, agent: int) -> None:
        self.attempts += 1
        holder = Holder(agent=agent, run=f"run-{self.attempts}", attempt=1, nonce=str(self.attempts))
        lease = Lease(holder=holder, role=Role.EXECUTION, taken_at=self.now, until=self.now + _LIFE, grant=usd(1), cycle=1, base="b" * 40)
        held_before = self.record.lease
        if self._accept(taken(self.record, lease, self.now)):
            assert held_before is None
            self.believes[agent] = holder

    @rule(agent=_agents)
    def renew(self, agent: int) -> None:
        if agent in self.believes:
            before = self.record.lease
            if self._accept(renewed(self.record, self.believes[agent], self.now, self.now + _LIFE)):
                assert before is not None
                assert before.holder == self.believes[agent]
                assert self.now < before.until

    @rule(agent=_agents)
    def hand_in(self, agent: int) -> None:
        if agent in self.believes:
            holder, before = self.believes.pop(agent), self.record.lease
            if self._accept(released(self.record, holder, run(run=holder.run), self.now, checkpoint=False)):
                assert before is not None
                assert before.holder == holder
                assert self.now < before.until

    @rule()
    def write_off(self) -> None:
        before = self.record.lease
        if self._accept(expired(self.record, self.now)):
            assert before is not None
            assert self.now >= before.until
            assert self.record.runs[-1].spent == before.grant

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_fencing_token_only_grows(self) -> None:
        assert self.epochs == sorted(set(self.epochs))

    @invariant()
    def at_most_one_may_act(self) -> None:
        able = [
            agent
            for agent, holder in self.believes.items()
            if not isinstance(renewed(self.record, holder, self.now, self.now + _LIFE), Refused)
        ]
        assert len(able) <= 1

    @invariant()
    def every_lease_ends_as_exactly_one_run(self) -> None:
        names = [ended.run for ended in self.record.runs]
        assert len(names) == len(set(names))


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=60, stateful_step_count=40)
