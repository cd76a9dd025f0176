"""What a file of tests holds: each test with the number of its assertions, and what is skipped. Read by a parser where there is one."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_SCRIPTS = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "testing"})
_TEST_NAME = re.compile(r"(?i)^test_|_test\.|[._-](?:test|spec)\.|^tests?\.|Tests?\.(?:java|kt|cs|php|swift)$|_spec\.rb$")
_CODE = _SCRIPTS | {
    ".py",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".rb",
    ".cs",
    ".php",
    ".swift",
    ".c",
    ".cc",
    ".cpp",
    ".ex",
    ".exs",
    ".scala",
    ".sh",
}


@dataclass(frozen=True, kw_only=True)
class Census:
    assertions: Mapping[str, int] = field(default_factory=dict)
    """By the test's name, with its class or group."""
    skips: int = 0
    """Marks that keep tests from running or from counting."""


def is_test(path: str) -> bool:
    pure = PurePosixPath(path)
    in_folder = any(part.casefold() in _TEST_FOLDERS for part in pure.parts[:-1])
    return pure.suffix in _CODE and pure.name != "conftest.py" and (in_folder or _TEST_NAME.search(pure.name) is not None)


def census_of(path: str, text: str | None) -> Census | None:
    """None where there is no file, or one that its language's parser does not take."""
    if text is None:
        return None
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(text)
    return _script(text, suffix) if suffix in _SCRIPTS else _by_patterns(text)


_SKIP_MARKS = frozenset({"skip", "skipif", "xfail", "skipIf", "skipUnless", "expectedFailure", "importorskip", "skipTest", "SkipTest"})
_ASSERTING = re.compile(r"^(?:assert|expect|verify|check|should)|^(?:raises|warns|approx|fail)$", re.IGNORECASE)


def _python(text: str) -> Census | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is parsed, such as an escape that Python does not know
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    tests = {name: sum(_asserts(node) for node in ast.walk(test)) for name, test in _python_tests(tree)}
    skips = sum(_skips(node) for node in ast.walk(tree))
    return Census(assertions=tests, skips=skips)


def _python_tests(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _python_tests(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test"):
                yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _python_tests(node, prefix)


def _asserts(node: ast.AST) -> bool:
    """An assertion of a constant says nothing, as `assert True` does."""
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    return isinstance(node, ast.Call) and _ASSERTING.search(_last_name(node.func)) is not None


def _skips(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in ("__test__", "collect_ignore") for target in node.targets)
    return isinstance(node, ast.Attribute | ast.Name) and _last_name(node) in _SKIP_MARKS


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_SCRIPT_TESTS = frozenset({"it", "test", "specify", "fit"})
_SCRIPT_SKIPPED = frozenset({"xit", "xtest", "xdescribe", "xspecify"})
_SCRIPT_MARKS = frozenset({"skip", "todo", "only", "fixme", "failing", "fails", "skipIf", "runIf"})
"""`only` too: it keeps all others from running."""
_SCRIPT_ASSERTING = re.compile(
    r"^(?:expect|assert|should|t\.(?:is|true|false|deepEqual|throws|equal|ok|same)|sinon\.assert|chai\.expect)\b"
)


def _script(text: str, suffix: str) -> Census | None:
    tree = _parser(suffix).parse(text.encode("utf-8", "replace"))
    if tree.root_node.has_error and tree.root_node.child_count <= 1:
        return None
    tests: dict[str, int] = {}
    skips = 0
    ahead: list[tuple[Node, str]] = [(tree.root_node, "")]
    while ahead:
        node, test = ahead.pop()
        if node.type == "call_expression":
            called = _source(node.child_by_field_name("function"))
            first = re.split(r"[.(\s]", called, maxsplit=1)[0]
            if first in _SCRIPT_SKIPPED or (
                first in _SCRIPT_TESTS | {"describe", "suite", "context"} and set(called.split(".")[1:]) & _SCRIPT_MARKS
            ):
                skips += 1
            if first in _SCRIPT_TESTS | _SCRIPT_SKIPPED and (name := _first_text(node)):
                test = name
                tests.setdefault(test, 0)
            elif test and _SCRIPT_ASSERTING.search(called) and (node.parent is None or node.parent.type != "member_expression"):
                tests[test] += 1
        ahead += [(child, test) for child in node.children]
    return Census(assertions=tests, skips=skips)


def _first_text(call: Node) -> str:
    arguments = call.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    return _source(first).strip("\"'`") if first is not None and first.type in ("string", "template_string") else ""


def _source(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


@cache
def _parser(suffix: str) -> Parser:
    """Loaded when the first such file is looked at."""
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    grammar: Any = tree_sitter_javascript.language
    if suffix in (".ts", ".mts", ".cts"):
        grammar = tree_sitter_typescript.language_typescript
    elif suffix == ".tsx":
        grammar = tree_sitter_typescript.language_tsx
    return tree_sitter.Parser(tree_sitter.Language(grammar()))


_PATTERN_TEST = re.compile(
    r"(?m)^\s*(?:func\s+(?:\([^)]*\)\s*)?(Test\w+)|#\[(?:tokio::)?test\][\s\S]{0,200}?fn\s+(\w+)|@Test\b[\s\S]{0,200}?(?:void|fun)\s+(\w+)"
    r"|(?:it|specify|test)\s+[\"']([^\"']+)|(?:public\s+)?function\s+(test\w+)|(?:void\s+)?(test\w+)\s*\()"
)
_PATTERN_ASSERTS = re.compile(r"(?i)\b(?:assert\w*|expect\w*|require\.\w+|should\w*|verify|t\.(?:error|fatal|fail)\w*)\b\s*[!(.\s]")
_PATTERN_SKIPS = re.compile(
    r"\bt\.Skip\w*\(|#\[ignore|@(?:Ignore|Disabled)\b|\b(?:skip|pending|xit|xdescribe)\b\s*[(\"']|markTestSkipped|\[Ignore|Skip\s*="
)


def _by_patterns(text: str) -> Census:
    starts = [(found.start(), next(group for group in found.groups() if group)) for found in _PATTERN_TEST.finditer(text)]
    ends = [*(place for place, _ in starts), len(text)][1:]
    tests = {name: len(_PATTERN_ASSERTS.findall(text, start, end)) for (start, name), end in zip(starts, ends, strict=True)}
    return Census(assertions=tests, skips=len(_PATTERN_SKIPS.findall(text)))
