"""The edit tool works on files of the workspace, and on nothing that a hostile workspace points to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.agents.edit_tool import EditInput, edit_tool
from bot.agents.tools import ToolResult, cut_middle, plain
from bot.agents.workspace_files import Unreadable, read_bytes, write_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "secret").write_text("key")
    return workspace


def edit(root: Path, **given: object) -> ToolResult:
    acted = edit_tool(root).act(EditInput.model_validate(given))
    assert isinstance(acted, ToolResult)
    return acted


def test_a_view_has_line_numbers_and_takes_a_range(root: Path) -> None:
    assert edit(root, do="view", path="a.txt", line=2, end=3).text == "2 two\n3 three"
    assert edit(root, do="view", path="a.txt", line=9).text == "[a.txt has 3 lines]"
    assert edit(root, do="view", path="/workspace/a.txt", end=1).text == "1 one"


def test_create_makes_directories_on_the_way(root: Path) -> None:
    assert not edit(root, do="create", path="new/deep/b.txt", new="hello\n").is_error
    assert (root / "new/deep/b.txt").read_text() == "hello\n"


def test_replace_wants_exactly_one_place(root: Path) -> None:
    assert edit(root, do="replace", path="a.txt", old="two", new="2").text == "Replaced at line 2 of a.txt."
    assert "occurs 0 times" in edit(root, do="replace", path="a.txt", old="two", new="2").text
    assert "occurs 2 times" in edit(root, do="replace", path="a.txt", old="e\n", new="").text
    assert (root / "a.txt").read_text() == "one\n2\nthree\n"


@pytest.mark.parametrize(("line", "after"), [(0, "x\none\ntwo\nthree\n"), (1, "one\nx\ntwo\nthree\n"), (3, "one\ntwo\nthree\nx\n")])
def test_insert_puts_lines_after_the_one_named(root: Path, line: int, after: str) -> None:
    edit(root, do="insert", path="a.txt", line=line, new="x")

    assert (root / "a.txt").read_text() == after


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"do": "create", "path": "b"}, "new:"),
        ({"do": "replace", "path": "a.txt", "new": "x"}, "old:"),
        ({"do": "insert", "path": "a.txt", "new": "x", "line": 9}, "line:"),
        ({"do": "view", "path": "gone"}, "path:"),
    ],
)
def test_a_complaint_names_the_field(root: Path, given: dict[str, object], field: str) -> None:
    said = edit(root, **given)

    assert said.is_error
    assert said.text.startswith(field)


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "x/../../secret", ".", "", "/workspace", "a\0b", "link", "linked/secret", "pipe", "a.txt/b"]
)
@pytest.mark.parametrize("do", ["view", "create"])
def test_no_path_leads_out_of_the_workspace(root: Path, path: str, do: str) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    (root / "linked").symlink_to(root.parent)
    os.mkfifo(root / "pipe")

    with pytest.raises(Unreadable):
        read_bytes(root, path) if do == "view" else write_text(root, path, "overwritten")

    assert (root.parent / "secret").read_text() == "key"


def test_a_directory_that_becomes_a_link_on_the_way_is_not_followed(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub").rmdir()
    (root / "sub").symlink_to("/")

    assert edit(root, do="create", path="sub/tmp/escaped-by-edit", new="x").is_error


def test_what_is_too_large_or_no_text_is_refused_in_words(root: Path) -> None:
    (root / "bin").write_bytes(b"\xff\xfe")

    assert "not UTF-8" in edit(root, do="view", path="bin").text
    with pytest.raises(Unreadable, match="larger than 5 bytes"):
        read_bytes(root, "a.txt", most=5)


def test_long_output_loses_its_middle_and_says_so() -> None:
    cut = cut_middle("a" * 600 + "b" * 600, 1000)

    assert cut.startswith("a" * 500)
    assert cut.endswith("b" * 500)
    assert "200 characters left out" in cut


def test_colours_and_control_characters_are_taken_out_of_output() -> None:
    assert plain("\x1b[31mred\x1b[0m\r\n\x07tab\there") == "red\ntab\there"
