"""Commits that a run hands in become the worker's own, whatever names, credit and closing words it gave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.git.code import GitCode
from bot.adapters.git.process import Author, git, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.ports import Admitted

WORKER = Author(name="worker[bot]", email="4711+worker[bot]@users.noreply.github.com")


@pytest.fixture
def code(tmp_path: Path) -> GitCode:
    work, bare = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    git("init", "--quiet", "--initial-branch=main", ".", cwd=work)
    (work / "a.txt").write_text("a\n")
    git("add", "-A", cwd=work)
    git("commit", "--quiet", "--author", "Bob <bob@example.org>", "-m", "First", cwd=work)
    git("clone", "--quiet", "--bare", work, bare, cwd=tmp_path)
    mirror = open_mirror(tmp_path / "mirror.git", str(bare), author=WORKER)
    GitRefs(mirror=mirror, default_branch="main").read()
    return GitCode(mirror=mirror, workspaces=tmp_path / "runs")


def _base(code: GitCode) -> str:
    return code.mirror.git("rev-parse", "main").text.strip()


def _handed_in(code: GitCode, *messages: str, merge: str | None = None) -> tuple[bytes, str]:
    base = _base(code)
    place = code.workspace(base, branch="agent-1/project-7", author="agent-1", beside=merge)
    for number, message in enumerate(messages):
        (place.path / f"{number}.txt").write_text(f"{number}\n")
        git("add", "-A", cwd=place.path)
        git("commit", "--quiet", "--author", "Eve <eve@users.noreply.github.com>", "-m", message, cwd=place.path)
    if merge is not None:
        git("merge", "--quiet", "--no-edit", merge, cwd=place.path)
    head = git("rev-parse", "HEAD", cwd=place.path).text.strip()
    git("bundle", "create", "--quiet", "../out.bundle", "agent-1/project-7", f"^{base}", cwd=place.path)
    return (place.path / "../out.bundle").read_bytes(), head


def _admitted(code: GitCode, bundle: bytes, head: str, *, known: str | None = None, agent: int | None = 1) -> str:
    answer = code.admit(bundle, base=_base(code), head=head, known=known, agent=agent)
    assert isinstance(answer, Admitted), answer
    return answer.head


def _shown(code: GitCode, head: str, form: str) -> str:
    return code.mirror.git("log", f"--format={form}", f"{_base(code)}..{head}").text.strip()


def test_author_and_committer_are_the_worker_and_the_agent_is_a_trailer(code: GitCode) -> None:
    bundle, head = _handed_in(code, "One", "Two")

    ours = _admitted(code, bundle, head)

    worker = f"{WORKER.name} <{WORKER.email}>"
    assert _shown(code, ours, "%an <%ae>, %cn <%ce>").splitlines() == [f"{worker}, {worker}"] * 2
    assert _shown(code, ours, "%s: %(trailers:key=Groundskeeper-Agent,valueonly,separator=%x2C)").splitlines() == ["Two: 1", "One: 1"]
    assert code.listing(ours) == ("0.txt", "1.txt", "a.txt")
    assert code.mirror.git("log", "-1", "--format=%an", _base(code)).text == "Bob\n"


def test_a_message_names_no_account_and_closes_nothing(code: GitCode) -> None:
    credit = "Fix it\n\nCloses #3 as @bob said.\n\nCo-authored-by: Bob <bob@users.noreply.github.com>\nGroundskeeper-Agent: 9"
    bundle, head = _handed_in(code, credit)

    ours = _admitted(code, bundle, head)

    assert _shown(code, ours, "%B") == "Fix it\n\nCloses #\u200b3 as @\u200bbob said.\n\nGroundskeeper-Agent: 1"


def test_a_merge_of_the_base_keeps_both_parents_and_leaves_what_was_there_alone(code: GitCode) -> None:
    base = _base(code)
    tree = code.mirror.git("rev-parse", f"{base}^{{tree}}").text.strip()
    later = code.mirror.git("commit-tree", tree, "-p", base, "-m", "By somebody else").text.strip()
    bundle, head = _handed_in(code, "One", merge=later)

    ours = _admitted(code, bundle, head, known=later)

    assert code.mirror.git("rev-parse", f"{ours}^2").text.strip() == later
    assert _shown(code, ours, "%ae").splitlines().count(WORKER.email) == 3
    assert code.listing(ours) == ("0.txt", "a.txt")


def test_the_same_bundle_becomes_the_same_commits_and_what_is_ours_stays_as_it_is(code: GitCode) -> None:
    bundle, head = _handed_in(code, "One")

    ours = _admitted(code, bundle, head)

    assert ours != head
    assert _admitted(code, bundle, head) == ours


def test_a_workspace_knows_no_address_of_anybody(code: GitCode) -> None:
    place = code.workspace(_base(code), branch=None, author="agent-1")

    assert git("config", "user.email", cwd=place.path).text == "agent-1@groundskeeper.invalid\n"
