"""The reviewer sees every file of a change, and what cannot be seen by reading is named."""

from __future__ import annotations

import pytest

from bot.core.evidence.hidden_characters import hidden_characters
from bot.core.evidence.shown_diff import PART, shown_diff


def of(path: str, size: int) -> str:
    lines = "".join(f"+line {number} of {path}\n" for number in range(size))
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1,{size} @@\n{lines}"


def test_a_change_that_fits_is_shown_as_it_is() -> None:
    diff = of("a.py", 3) + of("b.py", 3)

    assert shown_diff(diff).text == diff


def test_small_files_are_whole_behind_a_large_one_and_every_file_is_named() -> None:
    diff = of("aaa.py", 40_000) + of("evil.py", 5) + of("uv.lock", 9_000) + of("z.py", 30_000)

    shown = shown_diff(diff, budget=20_000)

    assert len(shown.text) < 21_000
    assert of("evil.py", 5) in shown.text
    assert "# 4 files change." in shown.text
    assert [(one.path, one.shown == len(one.text)) for one in shown.files] == [
        ("aaa.py", False),
        ("evil.py", True),
        ("uv.lock", False),
        ("z.py", False),
    ]
    assert all(f"# {path}: " in shown.text for path in ("aaa.py", "uv.lock", "z.py"))
    large = [one.shown for one in shown.files if one.path in ("aaa.py", "z.py")]
    assert abs(large[0] - large[1]) <= 1


def test_what_is_unseen_is_counted_in_parts_and_a_generated_file_is_looked_into_once() -> None:
    a, lock = shown_diff(of("a.py", 4_000) + of("uv.lock", 4_000), budget=PART).files

    assert "".join(a.part(number) for number in range(1, a.parts + 1)) == a.text
    assert a.unseen(frozenset()) == tuple(range(2, a.parts + 1))
    assert a.unseen(frozenset(range(2, a.parts))) == (a.parts,)
    assert a.unseen(frozenset(range(1, a.parts + 1))) == ()
    assert lock.unseen(frozenset()) == tuple(range(1, lock.parts + 1))
    assert lock.unseen(frozenset({2})) == ()


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("diff --git a/old.py b/old.py\ndeleted file mode 100644\n--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "old.py"),
        ("diff --git a/pic.png b/pic.png\nindex 1..2 100644\nBinary files a/pic.png and b/pic.png differ\n", "pic.png"),
        ("diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n", "run.sh"),
        ('diff --git "a/a\\tb" "b/a\\tb"\n--- "a/a\\tb"\n+++ "b/a\\tb"\n@@ -1 +1 @@\n-x\n+y\n', "a\\tb"),
    ],
)
def test_files_without_lines_are_listed_too(head: str, path: str) -> None:
    assert [one.path for one in shown_diff(head).files] == [path]


def added(*lines: str) -> str:
    return "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,9 @@\n context\n-gone \u202e\n" + "".join(
        f"+{line}\n" for line in lines
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("if level != 'user\u202e \u2066// admin\u2069': pass", "U+202E RIGHT-TO-LEFT OVERRIDE, U+2066 LEFT-TO-RIGHT ISOLATE, U+2069"),
        ("is\u200bAdmin = True", "U+200B ZERO WIDTH SPACE"),
        ("a\u200db = 1", "U+200D ZERO WIDTH JOINER"),
        ("x = '\U000e0041'", "U+E0041 TAG LATIN CAPITAL LETTER A"),
        ("const { \u3164 } = request", "U+3164 HANGUL FILLER"),
        ("safe()\x1b[2K", "U+001B control character"),
    ],
)
def test_a_line_with_characters_that_nobody_sees_is_named(line: str, told: str) -> None:
    (found,) = hidden_characters(added("fine", line))

    assert found.startswith(f"a.py:3 has {told}")


def test_emoji_and_letters_of_other_scripts_hide_nothing() -> None:
    assert hidden_characters(added("👩‍💻 ❤️ naïve café", "می‌خواهم", "शक्‍ति", "\ttabs\r")) == ()
