"""Anything may happen, in any order: people, strangers, checks and machines do what they like, and the promises hold after each step.

Other seeds and longer stories, by hand: `live(Path("/tmp/story"), seed, steps)`; what fails names its seed and what happened in it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.adapters.scripted import Scene, Step
from bot.core.decisions.effects import (
    Archive,
    Effect,
    ExecuteOrder,
    ExpireRun,
    LeaveQueue,
    Merge,
    OpenPull,
    PostReplies,
    PostVerdict,
    Restore,
    StartRun,
    UpdateBranch,
)
from bot.core.evidence.verdict import same_work
from bot.core.facts.project import Pausable
from bot.core.facts.record import IDEATION
from bot.core.lifecycle.phase import ENDED, PARKED, Phase
from bot.core.money.ledger import EntryKind, reserved
from bot.core.orders.labels import HOLD, READY
from bot.core.roles.role import Role
from bot.core.runs.run import Bundle, Ending
from bot.flows import stop_start
from bot.flows.fleet import work
from bot.flows.publishing import publish
from bot.flows.replies import reply_mark
from bot.flows.running import carry_out
from bot.flows.texts.status import STATUS_MARK
from bot.flows.ticking import Tick, dry_run, tick
from bot.hub import seed
from bot.hub.changes import checks as change_checks
from bot.hub.changes import merge_queue
from bot.hub.web import faults
from bot.ports import GitError, GitHubError
from tests.core.markdown.reading import seen
from tests.world import FULL_NAME, World, make_world, step

CONFIG = """agents: 3
budget: {{daily: 1000, monthly: 10000, run: 1, review: 1}}
gates: {{test: 'true'}}
ideation: {{enabled: false}}
merge: {{up_to_date: {up_to_date}}}
"""
ORDERS = (
    "hold",
    "resume",
    "retry",
    "skip",
    "assign 2",
    "assign 3",
    "assign 9",
    "unassign",
    "priority high",
    "priority low",
    "why",
    "status",
    "huld",
    "",
)
TITLES = ("Count pots.py again", "Sow the seeds", "Say more in README.md", "Water the beds")
CHECK = "unit tests"
WRITES = (
    ("POST", "/pulls", ""),
    ("POST", "/reviews", ""),
    ("POST", "/statuses/", ""),
    ("PUT", "/merge", ""),
    ("POST", "/comments", ""),
    ("POST", "/graphql", "addComment"),
    ("POST", "/graphql", "updateIssueComment"),
    ("POST", "/graphql", "enqueuePullRequest"),
)
_MAY_WHILE_HELD = (ExpireRun, LeaveQueue, ExecuteOrder, PostReplies, Archive, Restore)
_LASTING = ENDED | PARKED | {Phase.PROPOSED}


@dataclass(kw_only=True)
class Story:
    """A world, the dice, and what is true of it that only its teller knows."""

    world: World
    dice: Random
    queue: bool
    told: list[str] = field(default_factory=list)
    friendly: bool = False
    numbers: list[int] = field(default_factory=list)
    untrusted: set[int] = field(default_factory=set)
    """Queued by, or changed since by, somebody without write."""
    orders: dict[int, tuple[int, str, bool]] = field(default_factory=dict)
    """Comments that speak to the bot: where, by whom, and whether they may."""
    merged: set[int] = field(default_factory=set)
    by_people: set[int] = field(default_factory=set)
    serial: Any = field(default_factory=count)

    # What the model does.

    def works(self, _: object) -> Step:
        path = self.dice.choice(["pots.py", "README.md", f"own-{next(self.serial)}.txt"])
        merge = "git merge -X ours -q --no-edit refs/groundskeeper/base || (git add -A && git commit -qm Merge); "
        first = merge if self.friendly or self.dice.random() < 0.7 else ""
        return step("bash", command=f"{first}echo {next(self.serial)} > {path}; git add -A; git commit -qm Do")

    def ends(self, _: object) -> Step:
        return step("finish", report="Did it", give_up=not self.friendly and self.dice.random() < 0.1)

    def judges(self, _: object) -> Step:
        yes = self.friendly or self.dice.random() < 0.7
        return step("verdict", approve=yes, summary="Seen.", judgements=[{"criterion": "C1", "met": yes, "evidence": "read"}])

    # What happens.

    def any_issue(self) -> int | None:
        return self.dice.choice(self.numbers) if self.numbers else None

    def any_pull(self) -> Any:
        return self.dice.choice(self.world.pulls("open") or [None])

    def opens(self) -> None:
        by = self.dice.choice(["ann", "ann", "ann", "eve"])
        labels = self.dice.choice([[READY], [READY], [READY, HOLD], []]) if by == "ann" else []
        self.numbers.append(self.world.open_issue(f"{self.dice.choice(TITLES)} {len(self.numbers)}", labels=labels, by=by))

    def labels(self) -> None:
        number, by = self.any_issue(), self.dice.choice(["ann", "ann", "tess"])
        label = self.dice.choice([READY, READY, HOLD, "priority:high"])
        if number is None:
            return
        there = label in self.world.labels(number)
        if there:
            self.world.unlabel(number, label, by)
        if not there or self.dice.random() < 0.5:
            self.world.label(number, label, by=by)
            if label == READY:
                (self.untrusted.add if by == "tess" else self.untrusted.discard)(number)

    def closes(self) -> None:
        if (number := self.any_issue()) is not None:
            state = "open" if self.world.is_closed(number) else "closed"
            self.world.api("ann", "PATCH", f"issues/{number}", json={"state": state})

    def edits(self) -> None:
        number = self.any_issue()
        by = self.dice.choice(["ann", "eve"])
        if number is None or (by == "eve" and self.world.api("ann", "GET", f"issues/{number}")["user"]["login"] != "eve"):
            return
        self.world.api(by, "PATCH", f"issues/{number}", json={"body": f"- [ ] It works {next(self.serial)}"})
        if by == "eve":
            self.untrusted.add(number)

    def orders_given(self) -> None:
        places = [*self.numbers, *(pull["number"] for pull in self.world.pulls())]
        if not places:
            return
        by, on, what = self.dice.choice(["ann", "ann", "ann", "eve"]), self.dice.choice(places), self.dice.choice(ORDERS)
        made = self.world.api(by, "POST", f"issues/{on}/comments", json={"body": f"/agent {what}"})
        self.orders[int(made["id"])] = (on, by, by == "ann")

    def edits_comment(self) -> None:
        if self.orders:
            comment = self.dice.choice(list(self.orders))
            self.world.api("ann", "PATCH", f"issues/comments/{comment}", json={"body": f"/agent {self.dice.choice(ORDERS)} edited"})

    def reviews(self) -> None:
        if pull := self.any_pull():
            by, event = self.dice.choice(["ann", "eve"]), self.dice.choice(["APPROVE", "REQUEST_CHANGES", "COMMENT"])
            body = {"event": event, "body": "Hm"} | ({"commit_id": self._parent(pull)} if self.dice.random() < 0.3 else {})
            self.world.api(by, "POST", f"pulls/{pull['number']}/reviews", json=body)

    def _parent(self, pull: Any) -> str:
        return self.world.git("rev-parse", f"{pull['head']['sha']}^")

    def closes_pull(self) -> None:
        if pull := self.any_pull():
            self.world.api("ann", "PATCH", f"pulls/{pull['number']}", json={"state": "closed"})

    def merges_pull(self) -> None:
        if pull := self.any_pull():
            self.by_people.add(pull["number"])
            method = self.dice.choice(["merge", "squash"])
            self.world.app.test_client().put(
                f"/repos/{FULL_NAME}/pulls/{pull['number']}/merge",
                headers={"Authorization": f"Bearer {self.world.tokens['ann']}"},
                json={"merge_method": method},
            )

    def deletes_branch(self) -> None:
        if branches := self._branches():
            self.world.api("ann", "DELETE", f"git/refs/heads/{self.dice.choice(branches)}")

    def _branches(self) -> list[str]:
        return self.world.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/agent-*").split()

    def pushes_to_branch(self) -> None:
        if branches := self._branches():
            self._push(self.dice.choice(branches))

    def pushes_to_main(self) -> None:
        self._push("main")

    def _push(self, branch: str) -> None:
        place = self.world.root / "anns"
        who = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        if not place.exists():
            subprocess.run(["git", "clone", "-q", str(self.world.bare), str(place)], check=True, capture_output=True)
        path = self.dice.choice(["pots.py", "README.md", f"hers-{next(self.serial)}.txt"])
        for args in (["fetch", "-q", "-p"], ["checkout", "-q", "-f", "-B", "work", f"origin/{branch}"]):
            subprocess.run([*who, *args], cwd=place, check=True, capture_output=True)
        (place / path).write_text(f"{next(self.serial)}\n")
        for args in (["add", "-A"], ["commit", "-qm", f"Ann writes {path}"], ["push", "-q", "origin", f"work:{branch}"]):
            subprocess.run([*who, *args], cwd=place, check=True, capture_output=True)

    def checks(self) -> None:
        self.world.check(self.dice.choice(["success", "success", "success", "failure"]))

    def passes_again(self) -> None:
        """Somebody has run it again, and now it passes."""
        for pull in self.world.pulls("open"):
            change_checks.report(self.world.hub, FULL_NAME, pull["head"]["sha"], CHECK, "success")

    def pauses(self) -> None:
        agent = self.dice.choice(["1", "2", "3"])
        if self.dice.random() < 0.5:
            stop_start.pause(self.world.context, Pausable.AGENT, agent, by="ann", reason="x")
        else:
            stop_start.resume(self.world.context, Pausable.AGENT, agent, by="ann")

    def stops(self) -> None:
        if self.world.refs().stop is None and self.dice.random() < 0.5:
            stop_start.stop(self.world.context, by="ann", reason="x")
        else:
            stop_start.start(self.world.context, by="ann")

    def blocks(self) -> None:
        if len(self.numbers) > 1:
            one, other = self.dice.sample(self.numbers, 2)
            path = f"issues/{one}/dependencies/blocked_by"
            known = self.world.api("ann", "GET", path) + self.world.api("ann", "GET", f"issues/{other}/dependencies/blocked_by")
            if not known:
                self.world.api("ann", "POST", path, json={"issue_id": self.world.api("ann", "GET", f"issues/{other}")["id"]})

    def loses_answers(self) -> None:
        method, path, body = self.dice.choice(WRITES)
        faults.cut_connection(self.world.hub, method, path, after_work=self.dice.random() < 0.7, body=body)
        self.ticks()
        faults.forget(self.world.hub)

    def queue_moves(self) -> None:
        if self.queue:
            merge_queue.advance(self.world.hub)
            for line in self.world.git("for-each-ref", "--format=%(objectname)", "refs/heads/gh-readonly-queue/main/").split():
                if not self.world.api("ann", "GET", f"commits/{line}/check-runs")["total_count"]:
                    good = self.friendly or self.dice.random() < 0.7
                    change_checks.report(self.world.hub, FULL_NAME, line, CHECK, "success" if good else "failure")
                    change_checks.report(self.world.hub, FULL_NAME, line, "groundskeeper/review", "success")
            merge_queue.advance(self.world.hub)

    def machine_begins_anew(self) -> None:
        self.world.wired = self.world._wire(self.world.root / f"home-{next(self.serial)}")
        self.world.clock.wait(timedelta(minutes=3))

    def waits(self) -> None:
        self.world.clock.wait(timedelta(minutes=self.dice.choice([1, 5, 20, 40])))

    # What the bot does.

    def ticks(self) -> Tick | None:
        held = {number for number in self.numbers if HOLD in self.world.labels(number)}
        state = self.world.refs()
        held |= {number for number, record in state.records.items() if record.orders.held is not None}
        try:
            done = self.world.tick()
        except (GitHubError, GitError):
            return None
        held -= {one.effect.number for one in done.applied if isinstance(one.effect, ExecuteOrder)}
        self._judge_tick(done, held, state.stop is not None, {pause.name for pause in state.pauses})
        return done

    def two_tick(self) -> None:
        others = [self.world.context, self.world.another_process(f"other-{next(self.serial)}")]
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(tick, others):
                self.world.pending += done.started
        self.world.clock.wait(timedelta(minutes=3))

    def _judge_tick(self, done: Tick, held: set[int], stopped: bool, paused: set[str]) -> None:
        for one in done.applied:
            effect: Effect = one.effect
            if not one.done:
                continue
            number = getattr(effect, "number", None)
            assert not (stopped and not isinstance(effect, PostReplies)), f"stopped, and yet: {one.summary}"
            assert not (number in held and not isinstance(effect, _MAY_WHILE_HELD)) or self._is_over(number), (
                f"held, and yet: {one.summary}"
            )
            if isinstance(effect, StartRun):
                assert str(effect.agent) not in paused, one.summary
                assert number not in self.untrusted, f"by a stranger: {one.summary}"
            if isinstance(effect, StartRun | Merge | UpdateBranch | PostVerdict | OpenPull):
                assert READY in self.world.labels(effect.number), one.summary

    def _is_over(self, number: int) -> bool:
        return any(pull["merged_at"] and pull["head"]["ref"].endswith(f"/project-{number}") for pull in self.world.pulls())

    def works_off(self) -> None:
        waiting, self.world.pending = self.world.pending, []
        for started in waiting:
            fate = 9 if self.friendly else self.dice.randrange(10)
            bundle = Bundle(run=started.holder.run, ending=Ending.FAILED, note="It broke")
            now = self.world.clock.now()
            match fate:
                case 0:
                    pass  # the machine died
                case 1:
                    publish(self.world.context, started, bundle)
                case 2:
                    later = self.dice.choice([None, now + timedelta(hours=1)])
                    publish(self.world.context, started, replace(bundle, ending=Ending.LIMITED, resume_at=later))
                case 3 | 4:
                    asked = count()
                    half = carry_out(self.world.context, started, interrupted=lambda: "no more" if next(asked) > 2 else None)  # noqa: B023
                    publish(self.world.context, started, half)
                case 5:
                    self.world.pending.append(started)
                case _:
                    work(self.world.context, started)

    # What always holds.

    def promises(self) -> None:
        world, state = self.world, self.world.refs()
        pulls = world.pulls()
        branches = [pull["head"]["ref"].partition("/")[2] for pull in pulls if pull["state"] == "open"]
        assert len(branches) == len(set(branches)), branches
        for number in self.numbers:
            comments = world.comments(number)
            assert sum(body.startswith(STATUS_MARK) for body in comments) <= 1
        for pull in pulls:
            if pull["merged_at"] and pull["number"] not in self.merged:
                self.merged.add(pull["number"])
                if pull["number"] not in self.by_people:
                    self._judge_merge(pull)
        leased = {record.lease.holder.run for number, record in state.records.items() if record.lease and number >= IDEATION}
        entries = state.ledger.entries
        settled = [entry.run for entry in entries if entry.kind is EntryKind.SETTLE]
        assert len(settled) == len(set(settled))
        assert {entry.run for entry in entries} - set(settled) == leased
        spent = {run.run: run.spent for record in state.records.values() for run in record.runs}
        assert {entry.run: entry.amount for entry in entries if entry.kind is EntryKind.SETTLE} == spent

    def _judge_merge(self, pull: Any) -> None:
        head = pull["head"]["sha"]
        found = self.world.api("ann", "GET", f"commits/{head}/check-runs?check_name={CHECK}")["check_runs"]
        assert [one["conclusion"] for one in found][:1] == ["success"], f"merged with {found}"
        number = int(pull["head"]["ref"].rpartition("-")[2])
        record = self.world.record(number)
        verdicts = [run.verdict for run in record.runs if run.role is Role.REVIEW and run.verdict]
        mine = [verdict for verdict in verdicts if verdict.head in same_work(record, head)]
        assert mine, f"#{pull['number']} was merged at a head that nobody judged"
        assert mine[-1].approved

    # How it ends.

    def becomes_quiet(self) -> None:
        world, self.friendly = self.world, True
        stop_start.start(world.context, by="ann")
        for agent in ("1", "2", "3"):
            stop_start.resume(world.context, Pausable.AGENT, agent, by="ann")
        for _hour in range(5):
            for _ in range(60):
                done = self.ticks()
                assert done is not None
                before = len(world.pending)
                self.works_off()
                self.passes_again()
                self.queue_moves()
                self.promises()
                if not (done.moved or before or any(isinstance(e, Merge) for e in done.plan.effects)):
                    break
            else:
                raise AssertionError(f"never quiet: {[one.summary for one in world.ticks[-1].applied]}")
            world.clock.wait(timedelta(minutes=61))

    def judged_at_the_end(self) -> None:
        world = self.world
        last = dry_run(world.context)
        assert last.plan.effects == (), last.plan.effects
        fresh = dry_run(world.another_process("fresh"))
        assert fresh.plan == last.plan
        state = world.refs()
        assert reserved(state.ledger) == 0
        assert not [number for number, record in state.records.items() if record.lease and number >= IDEATION]
        for number, status in last.plan.statuses.items():
            record = state.records.get(number)
            waits = status.phase is Phase.APPROVED and ("waits for @" in status.reason or "asks for more" in status.reason)
            assigned = "to whom @" in status.reason
            behind = "waits for #" in status.reason
            assert status.phase in _LASTING or waits or assigned or behind, (number, status)
            shown = next((body for body in world.comments(number) if body.startswith(STATUS_MARK)), None)
            said = " ".join(seen(shown or "").words.split())
            meant = " ".join(f"{status.phase.value}: {status.reason}".replace("`", "").split())
            assert shown is None or meant in said, (number, status, shown[:300])
            assert record is None or not record.orders.pending_replies
        for comment, (on, by, may) in self.orders.items():
            marks = sum(body.count(reply_mark(comment)) for body in world.comments(on))
            assert marks == 1 if may else marks <= 1, (comment, on, by, marks)


Deed = Callable[[Story], object]
DEEDS: dict[Deed, int] = {
    Story.opens: 6, Story.labels: 4, Story.closes: 2, Story.edits: 2, Story.orders_given: 5, Story.edits_comment: 1,
    Story.reviews: 3, Story.closes_pull: 1, Story.merges_pull: 1, Story.deletes_branch: 1, Story.pushes_to_branch: 2,
    Story.pushes_to_main: 3, Story.checks: 10, Story.passes_again: 3, Story.pauses: 2, Story.stops: 2, Story.queue_moves: 3,
    Story.blocks: 1,
    Story.loses_answers: 2,
    Story.machine_begins_anew: 1, Story.waits: 4, Story.two_tick: 1, Story.ticks: 30, Story.works_off: 20,
}  # fmt: skip


def live(root: Path, seed_: int, steps: int) -> Story:
    dice = Random(seed_)
    queue = dice.random() < 0.25
    world = make_world(root, config=CONFIG.format(up_to_date=str(dice.random() < 0.7).lower()))
    story = Story(world=world, dice=dice, queue=queue)
    world.model.add(
        Scene(role=Role.EXECUTION, any_number=True, steps=(story.works, *[story.ends] * 8)),
        Scene(role=Role.REVIEW, any_number=True, steps=tuple([story.judges] * 8)),
    )
    if not queue and dice.random() < 0.2:
        seed.protect(world.hub, FULL_NAME, "main", required_checks=[CHECK], required_approvals=2, dismiss_stale=dice.random() < 0.5)
    if queue:
        seed.protect(world.hub, FULL_NAME, "main", required_checks=[CHECK, "groundskeeper/review"])
        merge_queue.require(world.hub, FULL_NAME, "main", merge_queue.Rules(method="squash"))
    world.tick()
    try:
        for _ in range(steps):
            world.clock.wait(timedelta(seconds=dice.choice([2, 30])))
            (deed,) = dice.choices(list(DEEDS), weights=list(DEEDS.values()))
            story.told.append(deed.__name__)
            deed(story)
            story.promises()
        story.told.append("quiet")
        story.becomes_quiet()
        story.judged_at_the_end()
    except Exception as error:
        error.add_note(f"seed {seed_}: {' '.join(story.told)}")
        raise
    world.hub.close()
    return story


@pytest.mark.parametrize("seed_", [1, 9])
def test_whatever_happens_the_promises_hold(tmp_path: Path, seed_: int) -> None:
    live(tmp_path, seed_, 50)
