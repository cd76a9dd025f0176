"""Work that weakens what judges it is seen for what it is, with figures; ordinary work on tests is not taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.evidence.census import census_of
from bot.core.evidence.weakening import FileChange, Weakness, put_back, said, unasked, weakenings

TESTS = """
import pytest

class TestParser:
    def test_keeps_the_last_line(self):
        assert parse("a\\nb") == ["a", "b"]
        assert parse("") == []

def test_raises():
    with pytest.raises(ValueError):
        parse(None)
"""
SCRIPT = """
describe('parser', () => {
  it('keeps the last line', () => {
    expect(parse('a')).toEqual(['a']);
    expect(parse('')).toEqual([]);
  });
  test('throws', () => { expect(() => parse(null)).toThrow(); });
});
"""
GO = """
func TestParse(t *testing.T) {
    if got := Parse("a"); got != 1 { t.Errorf("got %d", got) }
}
func TestEmpty(t *testing.T) { t.Fatal("x") }
"""


def found(path: str, before: str | None, after: str | None) -> list[tuple[Weakness, int, int]]:
    return [(one.kind, one.before, one.after) for one in weakenings([FileChange(path=path, before=before, after=after)])]


ROWS = [
    ("a whole file", "tests/test_a.py", TESTS, None, (Weakness.TESTS_REMOVED, 2, 0)),
    ("one test", "tests/test_a.py", TESTS, TESTS.replace("def test_raises", "def check_raises"), (Weakness.TESTS_REMOVED, 2, 1)),
    ("an assertion", "tests/test_a.py", TESTS, TESTS.replace('        assert parse("") == []\n', ""), (Weakness.ASSERTIONS_REMOVED, 2, 1)),
    (
        "an assertion of nothing",
        "tests/test_a.py",
        TESTS,
        TESTS.replace('parse("a\\nb") == ["a", "b"]', "True").replace('parse("") == []', "1"),
        (Weakness.TESTS_EMPTIED, 2, 0),
    ),
    (
        "a skip",
        "tests/test_a.py",
        TESTS,
        TESTS.replace("def test_raises", "@pytest.mark.skip\ndef test_raises"),
        (Weakness.TESTS_SKIPPED, 0, 1),
    ),
    (
        "an xfail",
        "tests/test_a.py",
        TESTS,
        TESTS.replace("def test_raises", "@pytest.mark.xfail\ndef test_raises"),
        (Weakness.TESTS_SKIPPED, 0, 1),
    ),
    (
        "a skip inside",
        "tests/test_a.py",
        TESTS,
        TESTS.replace("    with", "    pytest.skip('no')\n    with"),
        (Weakness.TESTS_SKIPPED, 0, 1),
    ),
    ("not to be collected", "tests/test_a.py", TESTS, TESTS + "\n__test__ = False\n", (Weakness.TESTS_SKIPPED, 0, 1)),
    ("what no parser takes", "tests/test_a.py", TESTS, TESTS + "\n)", (Weakness.UNREADABLE, 2, 0)),
    ("JavaScript: one test", "src/a.test.js", SCRIPT, SCRIPT.replace("test('throws'", "later('throws'"), (Weakness.TESTS_REMOVED, 2, 1)),
    ("JavaScript: a skip", "src/a.test.ts", SCRIPT, SCRIPT.replace("it('keeps", "it.skip('keeps"), (Weakness.TESTS_SKIPPED, 0, 1)),
    ("JavaScript: only one", "src/a.test.tsx", SCRIPT, SCRIPT.replace("test('throws", "test.only('throws"), (Weakness.TESTS_SKIPPED, 0, 1)),
    (
        "JavaScript: an assertion",
        "tests/a.spec.mjs",
        SCRIPT,
        SCRIPT.replace("    expect(parse('')).toEqual([]);\n", "    // expect(parse('')).toEqual([]);\n"),
        (Weakness.ASSERTIONS_REMOVED, 2, 1),
    ),
    ("Go: a skip", "parse_test.go", GO, GO.replace("    if got", "    t.Skip()\n    if got"), (Weakness.TESTS_SKIPPED, 0, 1)),
    ("Go: one test", "parse_test.go", GO, GO.replace("func TestEmpty", "func helperEmpty"), (Weakness.TESTS_REMOVED, 2, 1)),
    (
        "Rust: ignored",
        "tests/a.rs",
        "#[test]\nfn a() { assert!(x); }",
        "#[test]\n#[ignore]\nfn a() { assert!(x); }",
        (Weakness.TESTS_SKIPPED, 0, 1),
    ),
    ("a Makefile", "Makefile", "test:\n\tpytest\n", "test:\n\ttrue\n", (Weakness.GATE_CHANGED, 1, 1)),
    ("a new conftest.py", "tests/conftest.py", None, "collect_ignore_glob = ['*']\n", (Weakness.GATE_CHANGED, 0, 1)),
    ("an action", "action.yml", "runs: {main: a.js}\n", "runs: {main: b.js}\n", (Weakness.GATE_CHANGED, 1, 1)),
    (
        "package scripts",
        "package.json",
        '{\n  "name": "a",\n  "scripts": {\n    "test": "jest"\n  }\n}\n',
        '{\n  "name": "a",\n  "scripts": {\n    "test": "true"\n  }\n}\n',
        (Weakness.GATE_CHANGED, 1, 1),
    ),
    (
        "options of pytest",
        "pyproject.toml",
        '[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "-q"\n',
        '[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "-q --ignore=tests"\n',
        (Weakness.GATE_CHANGED, 1, 1),
    ),
    (
        "a threshold",
        "pyproject.toml",
        "[tool.coverage.report]\nfail_under = 95\n",
        "[tool.coverage.report]\nfail_under = 60\n",
        (Weakness.THRESHOLD_LOWERED, 95, 60),
    ),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_weakens_is_seen_with_its_figures(
    path: str, before: str | None, after: str | None, expected: tuple[Weakness, int, int]
) -> None:
    assert expected in found(path, before, after)


FINE = [
    ("a new test", "tests/test_a.py", TESTS, TESTS + "\ndef test_more():\n    assert 1 + 1 == 2\n"),
    ("a new file of tests", "tests/test_b.py", None, TESTS),
    (
        "more assertions",
        "tests/test_a.py",
        TESTS,
        TESTS.replace("def test_raises():", "def test_raises():\n    assert parse('a') == ['a']"),
    ),
    ("code that is no test", "src/parser.py", "assert x\nassert y\n", "assert x\n"),
    ("a dependency", "pyproject.toml", '[project]\nname = "a"\n', '[project]\nname = "a"\ndependencies = ["b"]\n'),
    ("a package's version", "package.json", '{\n  "version": "1.0.0"\n}\n', '{\n  "version": "1.0.1"\n}\n'),
    ("a word that tests use", "docs/skip.md", "test", "pytest.skip"),
]


@pytest.mark.parametrize(("path", "before", "after"), [row[1:] for row in FINE], ids=[row[0] for row in FINE])
def test_ordinary_work_weakens_nothing(path: str, before: str | None, after: str) -> None:
    assert found(path, before, after) == []


def test_a_test_that_moved_to_another_file_is_not_gone() -> None:
    moved = [
        FileChange(path="tests/test_a.py", before=TESTS, after=None),
        FileChange(path="tests/unit/test_a.py", before=None, after=TESTS),
    ]

    assert weakenings(moved) == ()


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        ("Make the parser faster", 1),
        ("Remove tests", 1),
        ("Remove `test_raises`, it tests nothing", 0),
        ("Remove test_raises_more", 1),
        ("Clean up tests/test_a.py.", 0),
        ("The file test_a.py is outdated", 0),
    ],
)
def test_only_what_the_issue_names_was_asked_for(wish: str, left: int) -> None:
    one = weakenings([FileChange(path="tests/test_a.py", before=TESTS, after=TESTS.replace("def test_raises", "def check_raises"))])

    assert len(unasked(one, wish)) == left
    assert said(one[0]) == "tests/test_a.py: tests removed, 2 before, 1 after (test_raises)"


def test_the_base_judges_by_files_that_only_say_how() -> None:
    makefile = FileChange(path="Makefile", before="test:\n\tpytest\n", after="test:\n\ttrue\n")
    scripts = FileChange(
        path="package.json", before='{\n  "scripts": {\n    "test": "jest"\n  }\n}', after='{\n  "scripts": {\n    "test": "true"\n  }\n}'
    )
    conftest = FileChange(path="conftest.py", before="import a\n", after="import b\n")
    needed = FileChange(
        path="pyproject.toml",
        before='[project]\nname = "a"\n[tool.ruff]\nline-length = 80\n',
        after='[project]\nname = "b"\n[tool.ruff]\nline-length = 90\n',
    )

    assert put_back([makefile, scripts, conftest, needed]) == ("Makefile", "package.json")


_PIECES = [
    "def test_a():\n", "    assert x\n", "class TestB:\n", "it('a', () => {\n", "expect(a).toBe(1)\n", "});\n",
    "func TestA(t *testing.T) {\n", "#[test]\nfn a() {\n", "@Test void a() {\n", "void test_c(void **state) {\n",
    "assert_int_equal(a, b);\n", "t.Skip()", "'\\d'", "\0", "((((", "\n",
]  # fmt: skip


@given(
    text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)),
    suffix=st.sampled_from([".py", ".js", ".tsx", ".c", ".go", ".rs", ".java", ".rb", ".php"]),
)
def test_no_file_is_too_strange_to_be_counted(text: str, suffix: str) -> None:
    census = census_of(f"tests/test_a{suffix}", text)

    assert census is None or all(many >= 0 for many in census.assertions.values())


def test_a_file_nested_without_end_is_not_counted() -> None:
    assert census_of("tests/test_a.py", "(" * 100_000) is None
    assert census_of("tests/test_a.js", "[" * 100_000) is not None


def test_a_file_of_no_tests_in_a_language_without_a_parser_has_none() -> None:
    census = census_of("tests/helpers.c", "int one(void) { return 1; }\n")

    assert census is not None
    assert census.assertions == {}
