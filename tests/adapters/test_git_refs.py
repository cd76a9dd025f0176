"""Leases and money on real git refs: one winner, all or nothing, and no lost answer that is taken for a loss."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.adapters.git.process import Done, Mirror, NoAnswer, git, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.adapters.git.signing import Signer, StateKey
from bot.core.facts.project import Stop
from bot.core.facts.record import Record
from bot.core.money.ledger import Entry, EntryKind, Ledger
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.ports import BranchMove, Change, GitError, RefState, StartAgain
from tests.core.facts import NOON, judged, lease, run

SIGNER = Signer(repository="7", key=StateKey(secret=b"k" * 32))


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    bare = tmp_path / "remote.git"
    bare.mkdir()
    git("init", "--quiet", "--bare", "--initial-branch=main", ".", cwd=bare)
    tree = git("hash-object", "-t", "tree", "-w", "--stdin", cwd=bare).text.strip()
    commit = git("commit-tree", tree, "-m", "First", cwd=bare).text.strip()
    git("update-ref", "refs/heads/main", commit, cwd=bare)
    return bare


def a_clone(remote: Path, name: str) -> GitRefs:
    return GitRefs(mirror=open_mirror(remote.parent / name, str(remote)), default_branch="main", signer=SIGNER)


def money(name: str, amount: float = 1) -> Entry:
    return Entry(kind=EntryKind.RESERVE, at=NOON, run=name, project=7, role=Role.EXECUTION, agent=1, amount=usd(amount))


def test_a_record_comes_back_as_it_was_written(remote: Path) -> None:
    refs = a_clone(remote, "a")
    kept = Record(number=7, epoch=3, lease=lease(), runs=(run(), judged(approved=False)), branch="agent-1/project-7", checkpoint=True)

    after = refs.push(refs.read(), Change(message="m", record=kept, ledger=Ledger(entries=(money("x"),)), transcript="{}\n"))

    seen = a_clone(remote, "b").read()
    assert after == seen
    assert seen.records == {7: kept}
    assert seen.ledger.entries == (money("x"),)
    assert refs.read().records == {7: kept}
    assert refs.transcript(7) == "{}\n"


def test_the_ref_tells_its_story_to_whoever_reads_the_log(remote: Path) -> None:
    refs = a_clone(remote, "a")
    refs.push(refs.read(), Change(message="Agent 1 takes project 7 for execution", record=Record(number=7, epoch=1, lease=lease())))
    refs.push(refs.read(), Change(message="Agent 1 hands in execution: finished", record=Record(number=7, epoch=2)))

    log = git("log", "--format=%s", "refs/groundskeeper/project/7", cwd=remote).text.splitlines()

    assert log == ["Agent 1 hands in execution: finished", "Agent 1 takes project 7 for execution"]


def test_of_ten_that_race_for_one_lease_one_wins(remote: Path) -> None:
    clones = [a_clone(remote, f"c{number}") for number in range(10)]
    states = [clone.read() for clone in clones]

    def take(place: int) -> RefState | None:
        record = Record(number=7, epoch=1, lease=lease(place + 1, run=f"run-{place}"))
        return clones[place].push(states[place], Change(message=f"agent {place}", record=record))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(take, range(10)))

    assert [answer is None for answer in answers].count(False) == 1
    held = a_clone(remote, "judge").read().records[7].lease
    assert held is not None
    assert answers[held.holder.agent - 1] is not None


def test_what_others_did_before_a_push_is_not_hidden_by_it(remote: Path) -> None:
    """Whoever goes on from the state that a push left compares it with the refs of that moment, and sees a stop."""
    ours, theirs = a_clone(remote, "ours"), a_clone(remote, "theirs")
    seen = ours.read()
    theirs.push(theirs.read(), Change(message="stop", stop=Stop(by="ann", at=NOON, reason="bill")))

    after = ours.push(seen, Change(message="ours", record=Record(number=7, epoch=1)))

    assert after is not None
    assert after.records == {7: Record(number=7, epoch=1)}
    assert after.tips.get("refs/groundskeeper/stop") != ours.tips()["refs/groundskeeper/stop"]


def test_a_push_leaves_what_the_next_look_reads(remote: Path) -> None:
    """Also over the turn of a month, with text that is no UTF-8, and for the months of the ledger that nobody needs any more."""
    refs = a_clone(remote, "a")
    for month in (9, 10, 11):
        seen = refs.read()
        entry = replace(money(f"run-{month}"), at=NOON.replace(month=month), note="half a pair: \ud800")

        after = refs.push(seen, Change(message="m", ledger=Ledger(entries=(*seen.ledger.entries, entry))))

        assert after == a_clone(remote, f"reader-{month}").read()


def test_a_stale_ledger_lets_nothing_move(remote: Path) -> None:
    ours, theirs = a_clone(remote, "ours"), a_clone(remote, "theirs")
    seen = ours.read()
    theirs.push(theirs.read(), Change(message="theirs", ledger=Ledger(entries=(money("theirs"),))))

    lost = ours.push(seen, Change(message="ours", record=Record(number=7, epoch=1), ledger=Ledger(entries=(money("ours"),))))

    assert lost is None
    after = ours.read()
    assert after.records == {}
    assert [entry.run for entry in after.ledger.entries] == ["theirs"]


def test_a_branch_moves_with_its_lease_or_not_at_all(remote: Path) -> None:
    ours, theirs = a_clone(remote, "ours"), a_clone(remote, "theirs")
    ours.push(ours.read(), Change(message="take", record=Record(number=7, epoch=1, lease=lease())))
    seen = ours.read()
    theirs.push(theirs.read(), Change(message="taken over", record=Record(number=7, epoch=2, lease=lease(2, run="other"))))
    move = BranchMove(branch="agent-1/project-7", head=seen.base)

    stale = ours.push(seen, Change(message="publish", record=Record(number=7, epoch=2), branch=move))
    fresh = ours.push(ours.read(), Change(message="publish", record=Record(number=7, epoch=3), branch=move))

    assert stale is None
    assert fresh is not None
    assert ours.read().tips["refs/heads/agent-1/project-7"] == seen.base


@dataclass(frozen=True, kw_only=True)
class Unsteady(Mirror):
    """A connection that breaks: `before` the server hears of a push, or `after` it has done it and before its answer is heard."""

    faults: list[str] = field(default_factory=list)

    def remote_git(self, *args: str | Path, check: bool = True, timeout: float = 120) -> Done:
        fault = self.faults.pop(0) if args[0] == "push" and self.faults else ""
        if fault == "before":
            return Done(code=128, out=b"", err="fatal: the remote end hung up unexpectedly")
        done = super().remote_git(*args, check=check, timeout=timeout)
        if fault == "after":
            return Done(code=128, out=b"", err="fatal: the remote end hung up unexpectedly")
        if fault == "timeout":
            raise NoAnswer("git push gave no answer within 120 s")
        return done


def unsteady(remote: Path, *faults: str) -> GitRefs:
    steady = open_mirror(remote.parent / "unsteady", str(remote))
    mirror = Unsteady(path=steady.path, remote=steady.remote, faults=list(faults))
    return GitRefs(mirror=mirror, default_branch="main", signer=SIGNER, pause=lambda seconds: None)


@pytest.mark.parametrize("fault", ["before", "after", "timeout"])
def test_a_push_whose_answer_was_lost_is_settled_by_reading(remote: Path, fault: str) -> None:
    refs = unsteady(remote, fault)

    assert refs.push(refs.read(), Change(message="m", record=Record(number=7, epoch=1))) is not None

    assert git("rev-list", "--count", "refs/groundskeeper/project/7", cwd=remote).text == "1\n"
    assert refs.read().records[7].epoch == 1


def test_a_push_that_nobody_heard_and_somebody_overtook_is_lost(remote: Path) -> None:
    refs, other = unsteady(remote, "before"), a_clone(remote, "other")
    seen = refs.read()
    other.push(other.read(), Change(message="theirs", record=Record(number=7, epoch=1, lease=lease(2, run="theirs"))))

    assert refs.push(seen, Change(message="ours", record=Record(number=7, epoch=1, lease=lease()))) is None


def test_a_push_that_others_have_built_on_already_is_still_ours(remote: Path) -> None:
    """Our answer is lost, and before we look the next one has gone on from our commit."""
    refs, other = a_clone(remote, "a"), a_clone(remote, "other")
    seen = refs.read()
    change = Change(message="ours", record=Record(number=7, epoch=1))
    moves = refs._written(seen, change)
    refs.mirror.remote_git("push", "--atomic", refs.mirror.remote, *[f"{oid}:{ref}" for ref, oid in moves.items()])
    other.push(other.read(), Change(message="theirs", record=Record(number=7, epoch=2)))

    assert refs._settled(seen, moves, "fatal: the remote end hung up unexpectedly") is True


def test_a_connection_that_stays_broken_is_trouble_and_never_taken_for_a_loss(remote: Path) -> None:
    refs = unsteady(remote, "before", "before", "before")

    with pytest.raises(GitError, match="no clear answer after 3 tries, and nothing was moved"):
        refs.push(refs.read(), Change(message="m", record=Record(number=7, epoch=1)))

    assert a_clone(remote, "judge").read().records == {}


def test_a_remote_that_refuses_says_what_is_missing(remote: Path) -> None:
    git("config", "transfer.hideRefs", "refs/groundskeeper", cwd=remote)
    refs = a_clone(remote, "a")

    with pytest.raises(GitError, match="contents: write"):
        refs.push(refs.read(), Change(message="m", record=Record(number=7, epoch=1)))


def test_a_change_of_nothing_pushes_nothing(remote: Path) -> None:
    refs = a_clone(remote, "a")
    before = refs.tips()

    assert refs.push(refs.read(), Change(message="nothing")) is not None
    assert refs.tips() == before


def test_a_branch_alone_moves_only_from_where_it_was_seen(remote: Path) -> None:
    refs = a_clone(remote, "a")
    seen = refs.read()
    move = Change(message="m", branch=BranchMove(branch="agent-1/project-7", head=seen.base))

    assert refs.push(seen, move) is not None
    git("update-ref", "refs/heads/agent-1/project-7", another_commit(remote, seen.base), cwd=remote)
    assert refs.push(seen, move) is None


def another_commit(remote: Path, parent: str) -> str:
    return git("commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", "Somebody's", cwd=remote).text.strip()


def test_one_mirror_serves_ten_threads(remote: Path) -> None:
    """As in a fleet of local workers: each takes a project of its own, again and again, all over one mirror."""
    refs = a_clone(remote, "shared")

    def take(number: int) -> RefState | None:
        return refs.push(refs.read(), Change(message="m", record=Record(number=number, epoch=1), transcript=f"{number}\n"))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(take, range(1, 11)))

    assert None not in answers
    assert set(refs.read().records) == set(range(1, 11))
    assert refs.transcript(4) == "4\n"


def test_stop_and_start_are_a_chain_that_everybody_reads(remote: Path) -> None:
    ours, theirs = a_clone(remote, "ours"), a_clone(remote, "theirs")
    stop = Stop(by="ann", at=NOON, reason="bill")
    ours.push(ours.read(), Change(message="stop", stop=stop))
    assert theirs.read().stop == stop

    theirs.push(theirs.read(), Change(message="start", stop=StartAgain(by="bea", at=NOON)))

    assert ours.read().stop is None


def test_the_ledger_keeps_one_file_a_month_and_is_never_rewritten(remote: Path) -> None:
    refs = a_clone(remote, "a")
    first = Ledger(entries=(money("x"),))
    refs.push(refs.read(), Change(message="1", ledger=first))
    december = replace(money("y"), at=NOON.replace(month=12))
    refs.push(refs.read(), Change(message="2", ledger=Ledger(entries=(*first.entries, december))))

    assert git("ls-tree", "--name-only", "refs/groundskeeper/ledger", cwd=remote).text.split() == ["2026-11.jsonl", "2026-12.jsonl"]
    with pytest.raises(GitError, match="append-only"):
        refs.push(refs.read(), Change(message="3", ledger=Ledger(entries=(december,))))


def test_what_somebody_spoiled_is_told_with_its_place_and_stops_nothing_else(remote: Path) -> None:
    refs = a_clone(remote, "a")
    refs.push(refs.read(), Change(message="m", record=Record(number=8, epoch=1)))
    spoil(remote, "refs/groundskeeper/project/7", "record.json", b'{"number": "seven"}')

    seen, unsigned = refs.read(), GitRefs(mirror=open_mirror(remote.parent / "b", str(remote)), default_branch="main").read()

    assert seen.records == unsigned.records == {8: Record(number=8, epoch=1)}
    (damage,), (parsed,) = seen.damage, unsigned.damage
    assert (damage.number, damage.ref) == (7, "refs/groundskeeper/project/7")
    assert damage.why.startswith("is not signed by the bot")
    assert "record.json is not what it should be (number" in parsed.why


def spoil(remote: Path, ref: str, name: str, content: bytes) -> None:
    blob = git("hash-object", "-w", "--stdin", cwd=remote, stdin=content).text.strip()
    tree = git("mktree", cwd=remote, stdin=f"100644 blob {blob}\t{name}\n".encode()).text.strip()
    git("update-ref", ref, git("commit-tree", tree, "-m", "x", cwd=remote).text.strip(), cwd=remote)


def test_no_credential_is_ever_in_an_argument_or_an_error(remote: Path) -> None:
    refs = GitRefs(
        mirror=open_mirror(remote.parent / "t", "http://127.0.0.1:9/none.git", token=lambda: "ghs_secret"), default_branch="main"
    )

    with pytest.raises(GitError) as caught:
        refs.read()

    assert "secret" not in str(caught.value)
    assert b"secret" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout
