"""What trusted code reads of a repository, gives out to a run, and takes in from one that may be hostile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git import code as git_code
from bot.adapters.git.admission import leads_out
from bot.adapters.git.code import GitCode
from bot.adapters.git.process import git, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.core.facts.project import Conflict
from bot.ports import Admitted, GitError


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A remote with one branch of two files, made once for all tests here, and its first commit."""
    root = tmp_path_factory.mktemp("garden")
    work, bare = root / "work", root / "remote.git"
    work.mkdir()
    git("init", "--quiet", "--initial-branch=main", ".", cwd=work)
    (work / "parser.py").write_text("one\ntwo\nthree\n")
    (work / "straße.txt").write_text("ü\n")
    git("add", "-A", cwd=work)
    git("commit", "--quiet", "-m", "First", cwd=work)
    git("clone", "--quiet", "--bare", work, bare, cwd=root)
    return bare, git("rev-parse", "main", cwd=work).text.strip()


@pytest.fixture
def code(garden: tuple[Path, str], tmp_path: Path) -> GitCode:
    mirror = open_mirror(tmp_path / "mirror.git", str(garden[0]))
    GitRefs(mirror=mirror, default_branch="main").read()
    return GitCode(mirror=mirror, workspaces=tmp_path / "runs")


@pytest.fixture
def base(garden: tuple[Path, str]) -> str:
    return garden[1]


Change = Callable[[Path], object]


def handed_in(code: GitCode, base: str, *changes: Change) -> tuple[bytes, str]:
    """A run that makes one commit for each change, and its bundle and head."""
    place = code.workspace(base, branch="agent-1/project-7", author="gardener")
    for change in changes:
        change(place.path)
        git("add", "-A", cwd=place.path)
        git("commit", "--quiet", "--allow-empty", "-m", "Work", cwd=place.path)
    head = git("rev-parse", "HEAD", cwd=place.path).text.strip()
    git("bundle", "create", "--quiet", "../out.bundle", "agent-1/project-7", f"^{base}", cwd=place.path)
    data = (place.path / "../out.bundle").read_bytes()
    place.close()
    return data, head


def write(name: str, text: str) -> Change:
    return lambda place: (place / name).write_text(text)


def link(name: str, target: str) -> Change:
    return lambda place: (place / name).symlink_to(target)


def refused(code: GitCode, base: str, *changes: Change) -> str:
    """Why a bundle with these changes is refused; and that nothing of it is in the mirror afterwards."""
    bundle, head = handed_in(code, base, *changes)
    answer = code.admit(bundle, base=base, head=head)
    assert isinstance(answer, str)
    assert code.mirror.git("cat-file", "-e", head, check=False).code != 0
    return answer


def test_files_are_read_from_the_commit_and_absent_ones_are_left_out(code: GitCode, base: str) -> None:
    found = code.files(base, ["no\nname", "nowhere.py", "straße.txt", "parser.py"])

    assert found == {"straße.txt": "ü\n", "parser.py": "one\ntwo\nthree\n"}
    assert code.listing(base) == ("parser.py", "straße.txt")


def test_what_is_no_commit_id_is_never_handed_to_git(code: GitCode, base: str) -> None:
    with pytest.raises(GitError, match="no commit id"):
        code.diff(base, "--output=/tmp/stolen")


def test_a_workspace_stands_on_its_branch_and_knows_neither_the_remote_nor_this_machine(code: GitCode, base: str) -> None:
    place = code.workspace(base, branch="agent-1/project-7", author="gardener")

    assert git("branch", "--show-current", cwd=place.path).text == "agent-1/project-7\n"
    assert git("remote", cwd=place.path).text == ""
    assert git("config", "user.name", cwd=place.path).text == "gardener\n"
    assert not (place.path / ".git/objects/info/alternates").exists()
    assert not list((place.path / ".git").glob("hooks/*"))
    told = [file for file in place.path.rglob("*") if file.is_file() and str(code.mirror.path).encode() in file.read_bytes()]
    assert told == []
    place.close()
    assert list(code.workspaces.iterdir()) == []


def test_a_workspace_for_looking_at_is_on_no_branch(code: GitCode, base: str) -> None:
    place = code.workspace(base, branch=None, author="gardener")

    assert git("branch", "--show-current", cwd=place.path).text == ""
    assert git("rev-parse", "HEAD", cwd=place.path).text.strip() == base


def test_a_workspace_that_cannot_be_made_leaves_nothing_behind(code: GitCode) -> None:
    with pytest.raises(GitError):
        code.workspace("0" * 39 + "1", branch=None, author="gardener")

    assert list(code.workspaces.iterdir()) == []


def test_work_comes_in_with_every_path_that_was_touched_on_the_way(code: GitCode, base: str) -> None:
    bundle, head = handed_in(
        code,
        base,
        write("parser.py", "one\n"),
        write(".env", "KEY=1"),
        lambda place: (place / ".env").unlink(),
        link("latest", "parser.py"),
    )

    assert code.admit(bundle, base=base, head=head) == Admitted(head=head, paths=(".env", "latest", "parser.py"), commits=4)
    assert code.files(head, ["parser.py"]) == {"parser.py": "one\n"}
    assert code.contains(base, head)
    assert not code.contains(head, base)


def test_a_bundle_that_comes_twice_is_taken_in_twice(code: GitCode, base: str) -> None:
    bundle, head = handed_in(code, base, write("parser.py", "one\n"))

    assert code.admit(bundle, base=base, head=head) == code.admit(bundle, base=base, head=head)


def test_a_bundle_without_the_commit_it_names_is_refused(code: GitCode, base: str) -> None:
    bundle, head = handed_in(code, base, write("a", "b"))

    assert code.admit(bundle, base=base, head=base) == "it is no git bundle that has the commit it names"
    assert code.admit(b"PK\x03\x04", base=base, head=head) == "it is no git bundle that has the commit it names"
    assert code.admit(bundle, base=base, head="") == "it is no git bundle that has the commit it names"
    assert "does not accept" in str(code.admit(bundle[:-30], base=base, head=head))


def test_work_that_does_not_build_on_its_base_is_refused(code: GitCode, base: str) -> None:
    def forget(place: Path) -> None:
        git("checkout", "--quiet", "--orphan", "other", cwd=place)
        git("commit", "--quiet", "-m", "Else", cwd=place)
        git("branch", "--quiet", "-f", "agent-1/project-7", "other", cwd=place)
        git("checkout", "--quiet", "agent-1/project-7", cwd=place)

    assert "do not build on" in refused(code, base, forget)


def test_a_submodule_is_for_a_person_to_add_even_when_it_is_gone_again(code: GitCode, base: str) -> None:
    def add(place: Path) -> None:
        git("update-index", "--add", "--cacheinfo", f"160000,{base},vendored", cwd=place)
        git("commit", "--quiet", "-m", "Vendor", cwd=place)

    assert refused(code, base, add, lambda place: git("rm", "--quiet", "--cached", "-f", "--ignore-unmatch", "vendored", cwd=place)) == (
        "vendored is a submodule; only a person may add one"
    )


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../../x", ".git/config", "parser.py/../.."])
def test_a_link_that_leads_out_is_refused(code: GitCode, base: str, target: str) -> None:
    assert refused(code, base, link("door", target)) == "door is a link that leads out of the repository"


@pytest.mark.parametrize(
    ("path", "target", "out"),
    [("docs/a/here", "../../parser.py", False), ("docs/here", "../../x", True), ("here", "docs/./readme", False), ("a/b", "..", False)],
)
def test_a_link_may_go_up_as_far_as_the_repository_goes(path: str, target: str, out: bool) -> None:
    assert leads_out(path, target) is out


def test_a_file_that_git_would_take_for_its_own_is_refused(code: GitCode, base: str) -> None:
    """An object that no `git add` would make: a tree with a `.git` in it, as in the attacks on checkouts."""

    def forge(place: Path) -> None:
        blob = git("hash-object", "-w", "--stdin", cwd=place, stdin=b"[core]").text.strip()
        inner = git("mktree", cwd=place, stdin=f"100644 blob {blob}\tconfig\n".encode()).text.strip()
        raw = b"40000 .git\0" + bytes.fromhex(inner)
        tree = git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", cwd=place, stdin=raw).text.strip()
        forged = git("commit-tree", tree, "-p", base, "-m", "Innocent", cwd=place).text.strip()
        git("update-ref", "refs/heads/agent-1/project-7", forged, cwd=place)

    place = code.workspace(base, branch="agent-1/project-7", author="gardener")
    forge(place.path)
    head = git("rev-parse", "agent-1/project-7", cwd=place.path).text.strip()
    git("bundle", "create", "--quiet", "../out.bundle", "agent-1/project-7", f"^{base}", cwd=place.path)

    answer = code.admit((place.path / "../out.bundle").read_bytes(), base=base, head=head)

    assert "git does not accept its objects" in str(answer)
    assert code.mirror.git("cat-file", "-e", head, check=False).code != 0


def test_a_small_bundle_that_grows_huge_is_refused(code: GitCode, base: str) -> None:
    assert "the most is" in refused(code, base, lambda place: (place / "zeros").write_bytes(bytes(21_000_000)))


def test_a_merge_is_tried_out_without_a_checkout(code: GitCode, base: str) -> None:
    def admitted(*changes: Change) -> str:
        bundle, head = handed_in(code, base, *changes)
        code.admit(bundle, base=base, head=head)
        return head

    ours, theirs, against = (
        admitted(write("parser.py", "1\ntwo\nthree\n")),
        admitted(write("new.py", "x")),
        admitted(write("parser.py", "I\n")),
    )

    result = code.merged(ours, theirs)

    assert isinstance(result, str)
    assert code.files(result, ["parser.py", "new.py"]) == {"parser.py": "1\ntwo\nthree\n", "new.py": "x"}
    against_each_other = code.merged(ours, against)
    assert isinstance(against_each_other, Conflict)
    assert against_each_other.paths == ("parser.py",)
    assert "1\ntwo\nthree\n=======\nI\n" in against_each_other.hunks
    assert "+1" in code.diff(base, ours).splitlines()


def test_a_diff_that_is_too_long_names_what_it_leaves_out(code: GitCode, base: str) -> None:
    bundle, head = handed_in(code, base, write("a.txt", "kept\n"), write("b.txt", "x" * git_code._LARGEST_DIFF))
    code.admit(bundle, base=base, head=head)

    diff = code.diff(base, head)

    assert "+kept" in diff
    assert diff.startswith("# not shown, too large: b.txt\n")
    assert len(diff) < 1_000


def test_the_repositorys_own_hooks_and_settings_do_nothing(code: GitCode, base: str, tmp_path: Path) -> None:
    hook = code.mirror.path / "hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)

    bundle, head = handed_in(code, base, write("a", "b"))
    code.admit(bundle, base=base, head=head)

    assert not (tmp_path / "ran").exists()
    shutil.rmtree(code.workspaces)


def test_a_run_cannot_hide_its_work_from_the_reviewer_by_attributes(code: GitCode, base: str) -> None:
    bundle, head = handed_in(code, base, write(".gitattributes", "*.py -diff\n*.txt binary\n"), write("parser.py", "import os\n"))
    assert isinstance(code.admit(bundle, base=base, head=head), Admitted)

    assert "+import os" in code.diff(base, head)

    code.mirror.git("update-ref", "HEAD", head)
    more, later = handed_in(code, head, write("parser.py", "import sys\n"))
    assert isinstance(code.admit(more, base=head, head=later), Admitted)
    assert "+import sys" in code.diff(head, later)
