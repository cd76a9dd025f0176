"""Signatures on the bot's state: whatever is not exactly what it wrote, exactly where it wrote it, is damage and never believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.git.process import git, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.adapters.git.signing import Position, Signer, StateKey
from bot.core.facts.damage import LEDGER, STOP, damage_of
from bot.core.facts.project import Stop
from bot.core.facts.record import WRITER_LOCK, Record
from bot.core.money.ledger import Ledger
from bot.ports import Change, GitError, RefState, StartAgain
from tests.adapters.test_git_refs import SIGNER, a_clone, money, remote
from tests.core.facts import NOON, lease, run

PROJECT, LEDGER_REF, STOP_REF = (f"refs/groundskeeper/{name}" for name in ("project/7", "ledger", "stop"))
NEW_KEY = StateKey(secret=b"n" * 32)
HEAD = b"tree 1\nparent 2\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\n"
PLACE = Position(sequence=12, ledger=7, stop=3)

__all__ = ["remote"]


def commit(ref: str = PROJECT, message: str = "Agent 1 takes project 7\n\nepoch: 3\n") -> bytes:
    return HEAD + SIGNER.signed(ref, HEAD, message, PLACE)


def test_what_the_bot_wrote_is_believed_where_it_wrote_it() -> None:
    assert SIGNER.verified(PROJECT, commit()) == PLACE


@given(st.data())
def test_no_bit_of_a_signed_commit_can_be_changed(data: st.DataObject) -> None:
    whole = bytearray(commit())
    at = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(min_value=0, max_value=7))

    assert isinstance(SIGNER.verified(PROJECT, bytes(whole)), str)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_nothing_can_be_put_into_a_signed_commit_or_taken_out(more: bytes, data: st.DataObject) -> None:
    whole = commit()
    start = data.draw(st.integers(min_value=0, max_value=len(whole)))
    end = data.draw(st.integers(min_value=start, max_value=len(whole)))

    assert isinstance(SIGNER.verified(PROJECT, whole[:start] + more + whole[start:]), str)
    assert start == end or isinstance(SIGNER.verified(PROJECT, whole[:start] + whole[end:]), str)


@given(st.text(max_size=200))
def test_whatever_words_are_in_a_message_its_own_trailer_is_the_one_that_counts(words: str) -> None:
    forged = "\nsequence: 99\nledger: 0\nstop: 0\nkey: 0123456789abcdef\nsignature: " + "0" * 64 + "\n"

    assert SIGNER.verified(PROJECT, commit(message=words + forged + words)) == PLACE


def test_a_copy_counts_on_no_other_ref_and_in_no_other_repository() -> None:
    assert "copied" in str(SIGNER.verified("refs/groundskeeper/project/8", commit()))
    assert "copied" in str(replace(SIGNER, repository="8").verified(PROJECT, commit()))


def test_a_former_key_is_still_believed_and_an_unknown_one_is_named() -> None:
    rotated = Signer(repository="7", key=NEW_KEY, former=(SIGNER.key,))

    assert rotated.verified(PROJECT, commit()) == PLACE
    assert NEW_KEY.id.encode() in rotated.signed(PROJECT, HEAD, "x", PLACE)
    assert SIGNER.key.id in str(Signer(repository="7", key=NEW_KEY).verified(PROJECT, commit()))


def test_a_key_never_shows_its_secret() -> None:
    assert "kkkk" not in repr(SIGNER)
    assert "6b6b" not in repr(SIGNER)


def written(remote: Path) -> GitRefs:
    """A project, money and a stop, each moved twice."""
    refs = a_clone(remote, "writer")
    for turn in (1, 2):
        seen = refs.read()
        record = Record(number=7, epoch=turn, lease=lease(), runs=(run(),), branch="agent-1/project-7")
        ledger = Ledger(entries=(*seen.ledger.entries, money(f"run-{turn}")))
        refs.push(seen, Change(message=f"turn {turn}", record=record, ledger=ledger, transcript="said\n", stop=_stop(turn)))
    return refs


def _stop(turn: int) -> Stop | StartAgain:
    return StartAgain(by="ann", at=NOON) if turn == 1 else Stop(by="ann", at=NOON, reason="bill")


def fresh(remote: Path) -> RefState:
    refs = a_clone(remote, f"reader-{len(list(remote.parent.iterdir()))}")
    refs.pause = lambda seconds: None
    return refs.read()


def test_all_that_was_written_is_believed_by_whoever_has_the_key(remote: Path) -> None:
    written(remote)
    seen = fresh(remote)

    assert seen.damage == ()
    assert seen.sequences == {PROJECT: 2, LEDGER_REF: 2, STOP_REF: 2}


@pytest.mark.parametrize("ref", [PROJECT, LEDGER_REF, STOP_REF])
def test_whoever_has_another_key_believes_nothing_and_writes_nothing_over_it(remote: Path, ref: str) -> None:
    written(remote)
    other = GitRefs(
        mirror=open_mirror(remote.parent / "other", str(remote)), default_branch="main", signer=Signer(repository="7", key=NEW_KEY)
    )
    seen = other.read()

    assert {one.ref for one in seen.damage} == {PROJECT, LEDGER_REF, STOP_REF}
    assert (seen.records, seen.ledger, seen.stop) == ({}, Ledger(), None)
    change = {
        PROJECT: Change(message="m", record=Record(number=7, epoch=1)),
        LEDGER_REF: Change(message="m", ledger=Ledger(entries=(money("x"),))),
        STOP_REF: Change(message="m", stop=StartAgain(by="eve", at=NOON)),
    }[ref]
    with pytest.raises(GitError, match="another key"):
        other.push(seen, change)


def test_a_ledger_or_a_stop_that_was_set_back_is_noticed_by_whoever_comes_new(remote: Path) -> None:
    """Each older state is signed too; the project's own last move has seen them further on."""
    for ref, number in ((LEDGER_REF, LEDGER), (STOP_REF, STOP)):
        remote_of = remote if ref == LEDGER_REF else _again(remote)
        written(remote_of)
        git("update-ref", ref, f"{ref}~1", cwd=remote_of)
        found = damage_of(fresh(remote_of).damage, number)
        assert found is not None
        assert found.why == "was set back: it stands at its move 1, and 2 were seen"
        git("update-ref", "-d", ref, cwd=remote_of)
        gone = damage_of(fresh(remote_of).damage, number)
        assert gone is not None
        assert gone.why == "is gone, after 2 moves"


def _again(remote: Path) -> Path:
    copy = remote.parent / "again" / "remote.git"
    copy.parent.mkdir()
    git("clone", "--quiet", "--bare", remote, copy, cwd=remote.parent)
    for ref in (PROJECT, LEDGER_REF, STOP_REF):
        git("update-ref", "-d", ref, cwd=copy)
    return copy


def test_a_project_that_was_set_back_is_noticed_by_whoever_saw_it_before(remote: Path) -> None:
    refs = written(remote)
    refs.pause = lambda seconds: None
    refs.read()
    git("update-ref", PROJECT, f"{PROJECT}~1", cwd=remote)

    seen = refs.read()

    assert seen.records == {}
    assert [one.why for one in seen.damage] == ["was set back: it stands at its move 1, and 2 were seen"]
    assert seen.ledger.entries  # nothing else is held up by it


@pytest.mark.parametrize("how", ["set back", "gone"])
def test_a_project_that_was_set_back_is_noticed_by_whoever_comes_new_once_a_writer_saw_it(remote: Path, how: str) -> None:
    refs = written(remote)
    refs.push(refs.read(), Change(message="write", record=Record(number=WRITER_LOCK, epoch=1)))
    refs.push(refs.read(), Change(message="write", record=Record(number=8, epoch=1)))  # the writer has not seen this one, and needs not
    git("update-ref", *([PROJECT, f"{PROJECT}~1"] if how == "set back" else ["-d", PROJECT]), cwd=remote)

    seen = fresh(remote)

    assert [(one.number, one.why) for one in seen.damage] == [
        (7, "was set back: it stands at its move 1, and 2 were seen" if how == "set back" else "is gone, after 2 moves")
    ]
    assert seen.records.keys() == {8, WRITER_LOCK}


def test_a_transcript_is_only_read_from_a_commit_that_proves_itself(remote: Path) -> None:
    refs = written(remote)
    assert refs.transcript(7) == "said\n"
    tree = git("rev-parse", f"{PROJECT}^{{tree}}", cwd=remote).text.strip()
    git("update-ref", PROJECT, git("commit-tree", tree, "-m", "the very same tree", cwd=remote).text.strip(), cwd=remote)
    refs.read()

    assert refs.transcript(7) is None


def test_whoever_has_no_key_takes_what_stands_there_and_counts_nothing(remote: Path) -> None:
    """As an agent's job does, which only looks whether it is to end."""
    refs = written(remote)
    refs.push(refs.read(), Change(message="write", record=Record(number=WRITER_LOCK, epoch=1)))

    seen = GitRefs(mirror=open_mirror(remote.parent / "job", str(remote)), default_branch="main").read()

    assert seen.damage == ()
    assert seen.stop is not None


def test_nobody_without_a_key_writes_state(remote: Path) -> None:
    keyless = GitRefs(mirror=open_mirror(remote.parent / "keyless", str(remote)), default_branch="main")

    with pytest.raises(GitError, match="no key to sign"):
        keyless.push(keyless.read(), Change(message="m", record=Record(number=7, epoch=1)))
