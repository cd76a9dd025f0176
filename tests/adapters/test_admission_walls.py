"""What a hostile bundle may hold: secrets, trees that name more paths than there are, objects that are none. Each ends that run only."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.git.code import GitCode
from bot.adapters.git.process import git
from bot.core.secrets.detection import Secret
from bot.ports import Admitted
from tests.adapters.test_git_code import base, code, garden, handed_in, link, write
from tests.core.test_secrets import SECRETS

__all__ = ["base", "code", "garden", "link"]


def admitted(code: GitCode, base: str, bundle: bytes, head: str) -> Admitted:
    answer = code.admit(bundle, base=base, head=head)
    assert isinstance(answer, Admitted), answer
    return answer


def test_a_secret_in_an_added_line_is_told_by_path_and_line(code: GitCode, base: str) -> None:
    token = SECRETS["GitHub token"]()
    bundle, head = handed_in(code, base, write("deploy.sh", f"#!/bin/sh\n# deploys\nexport TOKEN={token}\n"))

    found = admitted(code, base, bundle, head).secrets

    assert found == (Secret(place="deploy.sh", line=3, kind="GitHub token"),)
    assert code.mirror.git("cat-file", "-e", head, check=False).code != 0, "nothing of it is in the mirror"


def test_a_secret_that_was_taken_out_again_would_still_be_in_the_history(code: GitCode, base: str) -> None:
    key = SECRETS["private key"]()
    bundle, head = handed_in(code, base, write("parser.py", f"one\n{key}\ntwo\nthree\n"), write("parser.py", "one\ntwo\n"))

    assert admitted(code, base, bundle, head).secrets == (Secret(place="parser.py", line=2, kind="private key"),)


def test_a_secret_in_a_commit_message_is_found(code: GitCode, base: str) -> None:
    token = SECRETS["npm token"]()

    def commit(place: Path) -> None:
        git("commit", "--quiet", "--allow-empty", "-m", f"Use the token\n\nIt is {token}", cwd=place)

    bundle, head = handed_in(code, base, commit, write("a.py", "pass\n"))

    (found,) = admitted(code, base, bundle, head).secrets
    assert (found.place[:24], found.line, found.kind) == ("the message of commit "[:24] + found.place[22:24], 3, "npm token")


@pytest.mark.parametrize("name", ["key.bin", "-diff.txt"])
def test_neither_a_binary_file_nor_an_attribute_hides_a_secret(code: GitCode, base: str, name: str) -> None:
    token = SECRETS["Stripe key"]()
    bundle, head = handed_in(
        code, base, write(".gitattributes", "* -diff\n"), lambda place: (place / name).write_bytes(b"\0\1\2\n" + token.encode() + b"\n")
    )

    assert [(one.place, one.kind) for one in admitted(code, base, bundle, head).secrets] == [(name, "Stripe key")]


def test_lines_that_look_like_a_diffs_own_are_counted_as_lines(code: GitCode, base: str) -> None:
    token = SECRETS["AWS access key"]()
    bundle, head = handed_in(code, base, write("notes", f"++ b/other\n@@ -1,0 +900,5 @@\n-- a/x\n{token}\n"))

    assert admitted(code, base, bundle, head).secrets == (Secret(place="notes", line=4, kind="AWS access key"),)


def test_work_without_a_secret_is_taken_in_as_ever(code: GitCode, base: str) -> None:
    bundle, head = handed_in(code, base, write("parser.py", "one\n2\nthree\n"))

    looked = admitted(code, base, bundle, head)
    assert (looked.secrets, looked.paths) == ((), ("parser.py",))


def bomb(code: GitCode, base: str, levels: int) -> tuple[bytes, str]:
    """Ten entries a level, all of them the same tree: a bundle of a kilobyte with 10^levels paths."""
    place = code.workspace(base, branch="agent-1/project-7", author="gardener")

    def object_of(kind: str, data: bytes) -> str:
        return git("hash-object", "-w", "--stdin", "-t", kind, "--literally", cwd=place.path, stdin=data).text.strip()

    oid, mode = object_of("blob", b"x"), b"100644"
    for _ in range(levels):
        oid = object_of("tree", b"".join(b"%s %d\0%s" % (mode, number, bytes.fromhex(oid)) for number in range(10)))
        mode = b"40000"
    head = git("commit-tree", oid, "-p", base, "-m", "Work", cwd=place.path).text.strip()
    git("update-ref", "refs/heads/agent-1/project-7", head, cwd=place.path)
    git("bundle", "create", "--quiet", "../out.bundle", "agent-1/project-7", f"^{base}", cwd=place.path)
    data = (place.path / "../out.bundle").read_bytes()
    place.close()
    return data, head


def test_a_kilobyte_that_names_ten_thousand_million_paths_is_refused_before_any_diff(code: GitCode, base: str) -> None:
    bundle, head = bomb(code, base, levels=10)
    assert len(bundle) < 2_000

    assert code.admit(bundle, base=base, head=head) == "it touches more than 50,000 paths"


def test_as_many_paths_as_a_large_change_has_are_fine(code: GitCode, base: str) -> None:
    bundle, head = bomb(code, base, levels=3)

    assert len(admitted(code, base, bundle, head).paths) == 1_000 + 2


def test_objects_that_are_no_proper_objects_are_a_refusal_and_no_exception(code: GitCode, base: str) -> None:
    place = code.workspace(base, branch="agent-1/project-7", author="gardener")
    tree = git("rev-parse", "HEAD^{tree}", cwd=place.path).text.strip()
    broken = f"tree {tree}\nparent {base}\nno author at all\n\nWork\n".encode()
    head = git("hash-object", "-w", "--stdin", "-t", "commit", "--literally", cwd=place.path, stdin=broken).text.strip()
    git("update-ref", "refs/heads/agent-1/project-7", head, cwd=place.path)
    made = git("bundle", "create", "--quiet", "../out.bundle", "agent-1/project-7", f"^{base}", cwd=place.path, check=False)
    data = (place.path / "../out.bundle").read_bytes() if made.code == 0 else b""
    place.close()

    assert isinstance(code.admit(data, base=base, head=head), str)


def test_the_git_that_reads_a_bundle_may_use_a_share_of_the_machine_only(tmp_path: Path) -> None:
    """Memory of its own in KiB, seconds of computing, blocks of a file: what is over is killed, and told as an error of git."""
    told = git("-c", "alias.bounds=!ulimit -d; ulimit -t; ulimit -f", "bounds", cwd=tmp_path, bounded=True).text.split()

    assert told == ["1500000", "120", "2000000"]
