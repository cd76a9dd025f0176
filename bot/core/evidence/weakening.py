"""Whether work weakens what judges it: tests taken away or skipped, fewer assertions, and changes of what runs the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from bot.core.evidence.census import Census, census_of, is_test


class Weakness(Enum):
    TESTS_REMOVED = "tests removed"
    TESTS_SKIPPED = "tests skipped"
    ASSERTIONS_REMOVED = "assertions removed"
    TESTS_EMPTIED = "tests that assert nothing any more"
    THRESHOLD_LOWERED = "thresholds lowered"
    GATE_CHANGED = "what runs the tests changed"
    UNREADABLE = "tests that cannot be read any more"


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file before and after the work; None where it was not, or is no more, there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Weakening:
    """`before` and `after` are the figures; `names` what they are about, such as the tests that are gone."""

    kind: Weakness
    path: str
    before: int = 0
    after: int = 0
    names: tuple[str, ...] = ()


_NAMED = 8
"""So many tests are named; where more are gone, the file has to be asked for."""
_GATE_FILES = frozenset(
    {"conftest.py", "makefile", "gnumakefile", "justfile", "rakefile", "noxfile.py", "toxfile.py", "tox.ini", "pytest.ini", "pytest.toml"}
    | {
        "action.yml",
        "action.yaml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        "jenkinsfile",
        "codecov.yml",
        "sonar-project.properties",
    }
    | {"phpunit.xml", "phpunit.xml.dist", "mypy.ini", "ruff.toml", "karma.conf.js", "deny.toml", "nextest.toml", "sitecustomize.py"}
)
_GATE_STEMS = ("jest.config", "vitest.config", "vitest.workspace", "playwright.config", "cypress.config", "eslint.config", "ava.config")
_JUDGED_PARTS = {
    "package.json": re.compile(r'(?ms)"(?:scripts|jest|mocha|nyc|c8|ava|eslintConfig)"\s*:\s*(\{.*?^\s{0,4}\}|\{[^{}]*\})'),
    "pyproject.toml": re.compile(
        r"(?ms)^\[tool\.(?:pytest|coverage|tox|nox|mypy|ruff|pyright|hatch\.envs|poe|pdm\.scripts)\b.*?(?=^\[(?!tool\.)|\Z)"
    ),
    "setup.cfg": re.compile(r"(?ms)^\[(?:tool:pytest|coverage:|mypy|flake8|tox).*?(?=^\[|\Z)"),
}
_THRESHOLD = re.compile(
    r"(?i)(?P<name>fail[_-]under|cov-fail-under|(?:line|branch|function|statement)s?|min(?:imum)?[_-]?coverage|coverageThreshold|covered[_-]?ratio|minimum)"
    r"[\"']?\s*[:=]?\s*(?P<value>\d+(?:\.\d+)?)"
)


def is_gate_file(path: str) -> bool:
    """Files that are nothing but what runs and configures tests and checks."""
    name = PurePosixPath(path).name.casefold()
    return name in _GATE_FILES or name.endswith(".mk") or name.startswith(_GATE_STEMS)


def weakenings(changes: Iterable[FileChange]) -> tuple[Weakening, ...]:
    """Each with its figures. A test that only moved to another file of the same work is not gone."""
    changes = [change for change in changes if change.before != change.after]
    tests = [
        (change, census_of(change.path, change.before), census_of(change.path, change.after)) for change in changes if is_test(change.path)
    ]
    there = {name for _, _, after in tests for name in (after.assertions if after else ())}
    found = [one for change, before, after in tests for one in _of_tests(change, before, after, there)]
    found += [one for change in changes for one in _of_gates(change)]
    return tuple(sorted(found, key=lambda one: (one.kind.value, one.path)))


def _of_tests(change: FileChange, before: Census | None, after: Census | None, there: set[str]) -> list[Weakening]:
    if change.before is None or before is None:
        return []
    if change.after is not None and after is None:
        return [Weakening(kind=Weakness.UNREADABLE, path=change.path, before=len(before.assertions), names=_some(before.assertions))]
    left = after or Census()
    found = []
    if gone := [name for name in before.assertions if name not in left.assertions and name not in there]:
        kept = len(before.assertions) - len(gone)
        found.append(Weakening(kind=Weakness.TESTS_REMOVED, path=change.path, before=len(before.assertions), after=kept, names=_some(gone)))
    if left.skips > before.skips:
        found.append(Weakening(kind=Weakness.TESTS_SKIPPED, path=change.path, before=before.skips, after=left.skips))
    fewer = [name for name, count in before.assertions.items() if name in left.assertions and left.assertions[name] < count]
    emptied = [name for name in fewer if not left.assertions[name]]
    if fewer:
        counts = [(sum(census.assertions[name] for name in fewer)) for census in (before, left)]
        kind = Weakness.TESTS_EMPTIED if emptied else Weakness.ASSERTIONS_REMOVED
        found.append(Weakening(kind=kind, path=change.path, before=counts[0], after=counts[1], names=_some(emptied or fewer)))
    return found


def _of_gates(change: FileChange) -> list[Weakening]:
    before, after = _judging(change.path, change.before), _judging(change.path, change.after)
    if before == after:
        return []
    lowered = [
        (name, int(float(was)), int(float(now)))
        for (name, was), (_, now) in zip(_thresholds(before), _thresholds(after), strict=False)
        if float(now) < float(was)
    ]
    found = [
        Weakening(kind=Weakness.THRESHOLD_LOWERED, path=change.path, before=was, after=now, names=(name,)) for name, was, now in lowered
    ]
    if before or is_gate_file(change.path):  # a first configuration of tests judges more than none did
        lines = [len(set(one.splitlines()) - set(other.splitlines())) for one, other in ((before, after), (after, before))]
        if before:
            found.append(Weakening(kind=Weakness.GATE_CHANGED, path=change.path, before=lines[0], after=lines[1]))
        elif PurePosixPath(change.path).name.casefold() in ("conftest.py", "sitecustomize.py", "pytest.ini", "tox.ini"):
            found.append(Weakening(kind=Weakness.GATE_CHANGED, path=change.path, before=0, after=lines[1]))
    return found


def _judging(path: str, text: str | None) -> str:
    """The part of a file that says how the work is judged."""
    if text is None:
        return ""
    if is_gate_file(path):
        return text
    part = _JUDGED_PARTS.get(PurePosixPath(path).name.casefold())
    return "\n".join(found[0] for found in part.finditer(text)) if part else ""


def _thresholds(text: str) -> Sequence[tuple[str, str]]:
    return [(found["name"], found["value"]) for found in _THRESHOLD.finditer(text)]


def _some(tests: Iterable[str]) -> tuple[str, ...]:
    return tuple(tests)[:_NAMED]


def put_back(changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Files of which the base's own version can judge the work: those that only say how. What tests import stays as it is."""
    return tuple(
        change.path
        for change in changes
        if change.before is not None
        and PurePosixPath(change.path).suffix != ".py"
        and _judging(change.path, change.before) != _judging(change.path, change.after)
        and _rest(change.path, change.before) == _rest(change.path, change.after)
    )


def _rest(path: str, text: str | None) -> str:
    """What is left of a file without what says how the work is judged."""
    part = _JUDGED_PARTS.get(PurePosixPath(path).name.casefold())
    return "" if is_gate_file(path) or text is None or part is None else part.sub("", text)


def judges(path: str) -> bool:
    """Whether a file may be among what judges the work at all: the others need not be read."""
    return is_test(path) or is_gate_file(path) or PurePosixPath(path).name.casefold() in _JUDGED_PARTS


def names(wish: str, path: str) -> bool:
    """Whether the issue names the file in so many words: `conftest.py`, `tests/test_a.py`."""
    return not {path.casefold(), PurePosixPath(path).name.casefold()}.isdisjoint(_words(wish))


def asked_for(weakening: Weakening, wish: str) -> bool:
    """Whether the issue names the file, or each of the tests."""
    tests = [name.rsplit(".", 1)[-1].casefold() for name in weakening.names]
    return names(wish, weakening.path) or (0 < len(tests) < _NAMED and _words(wish).issuperset(tests))


def _words(wish: str) -> frozenset[str]:
    return frozenset(word.strip(".,;:!?()[]{}\"'`*_").casefold() for word in wish.split())


def unasked(found: Iterable[Weakening], wish: str) -> tuple[Weakening, ...]:
    return tuple(one for one in found if not asked_for(one, wish))


def said(one: Weakening) -> str:
    """One line for people, with its figures."""
    about = f" ({', '.join(one.names)})" if one.names else ""
    match one.kind:
        case Weakness.GATE_CHANGED:
            return f"{one.path}: {one.kind.value}, {one.before} lines taken out, {one.after} put in"
        case Weakness.UNREADABLE:
            return f"{one.path}: {one.before} {one.kind.value}"
        case _:
            return f"{one.path}: {one.kind.value}, {one.before} before, {one.after} after{about}"
