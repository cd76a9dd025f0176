"""Published packages at a release with a true bug: how the bug shows itself, the issue about it, and the change that mends it."""

from __future__ import annotations

from dataclasses import dataclass

_PYTEST = "PYTHONDONTWRITEBYTECODE=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """`old` stands in the file exactly once."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One bug. Commands are for a shell in the package's root, with the interpreter of the tests first on the path and no network."""

    name: str
    version: str
    fixed_version: str
    sha256: str
    """Of the source distribution as published."""
    title: str
    description: str
    criteria: tuple[str, ...]
    evidence: tuple[str, ...]
    """What a reviewer sees after the change, for each criterion."""
    edits: tuple[Edit, ...]
    test_path: str
    test_code: str
    """A file that the change adds; it fails without the edits."""
    commit: str
    reproduction: str
    """A program that ends with 0 only where the bug is gone."""
    test_command: str
    """The package's own tests, as they are in the source distribution; `source` is on the path of Python."""
    source: str = "."
    """The folder that the package is imported from."""

    @property
    def body(self) -> str:
        """The issue as a person writes it."""
        return self.description + "\n" + "".join(f"- [ ] {criterion}\n" for criterion in self.criteria)


CACHETOOLS = Case(
    name="cachetools",
    version="4.2.0",
    fixed_version="4.2.1",
    sha256="3796e1de094f0eaca982441c92ce96c68c89cced4cd97721ab297ea4b16db90e",
    title="A full LRU, MRU or LFU cache raises KeyError for a key it never held",
    description="""\
My subclass of `LRUCache` has a `__missing__` that answers some keys without storing anything, since those answers are cheap.
Everything works until the cache is full. Then storing a new item fails with `KeyError`, and the key in the error is one of those
that were never stored:

```python
class Squares(LRUCache):
    def __missing__(self, key):
        return key * key

squares = Squares(maxsize=1)
squares[7]          # 49, nothing stored
squares[1] = 1
squares[2] = 4      # KeyError: 7
```

`MRUCache` and `LFUCache` do the same; `Cache`, `FIFOCache` and `RRCache` are fine. It looks as if reading a key makes the cache
believe that it holds it.

""",
    criteria=(
        "A key that `__missing__` answered without storing it is not chosen when LRUCache makes room",
        "The same holds for MRUCache",
        "The same holds for LFUCache",
        "A `__missing__` that does store its answer works as before",
        "Tests show it",
    ),
    evidence=(
        "The example of the issue stores the second item with LRUCache.",
        "The same example with MRUCache stores both items, one after the other.",
        "The same example with LFUCache stores both items, one after the other.",
        "The package's own tests of `__missing__` pass as before.",
        "tests/test_answers_not_kept.py covers the three classes and fails without the change.",
    ),
    edits=(
        *(
            Edit(
                path=f"cachetools/{module}.py",
                old="        value = cache_getitem(self, key)\n        self.__update(key)\n        return value\n",
                new="        value = cache_getitem(self, key)\n"
                "        if Cache.__contains__(self, key):  # an answer of __missing__ need not be kept\n"
                "            self.__update(key)\n"
                "        return value\n",
            )
            for module in ("lru", "mru")
        ),
        Edit(
            path="cachetools/lfu.py",
            old="        value = cache_getitem(self, key)\n        self.__counter[key] -= 1\n        return value\n",
            new="        value = cache_getitem(self, key)\n"
            "        if Cache.__contains__(self, key):  # an answer of __missing__ need not be kept\n"
            "            self.__counter[key] -= 1\n"
            "        return value\n",
        ),
    ),
    test_path="tests/test_answers_not_kept.py",
    test_code="""\
import unittest

from cachetools import LFUCache, LRUCache, MRUCache


class AnswersNotKeptTest(unittest.TestCase):

    def test_a_key_that_was_never_stored_is_never_evicted(self):
        for kind in (LFUCache, LRUCache, MRUCache):
            with self.subTest(kind=kind.__name__):

                class Squares(kind):
                    def __missing__(self, key):
                        return key * key

                squares = Squares(maxsize=1)
                self.assertEqual(49, squares[7])
                squares[1] = 1
                squares[2] = 4
                self.assertEqual([2], list(squares))
""",
    commit="Count a key as used only if the cache holds it",
    reproduction="""\
from cachetools import LFUCache, LRUCache, MRUCache

for kind in (LRUCache, MRUCache, LFUCache):
    squares = type("Squares", (kind,), {"__missing__": lambda self, key: key * key})(maxsize=1)
    assert squares[7] == 49
    squares[1] = 1
    squares[2] = 4
    assert list(squares) == [2], (kind, list(squares))
""",
    test_command=f"{_PYTEST} tests",
)

PARSE = Case(
    name="parse",
    version="1.20.0",
    fixed_version="1.20.1",
    sha256="bd28bae37714b45d5894d77160a16e2be36b64a3b618c81168b3684676aa498b",
    title="%f reads nothing unless there are exactly six digits",
    description="""\
Our logs have times with milliseconds. With the new strptime codes I expected to read them like this:

```python
>>> parse.parse("{at:%H:%M:%S.%f}", "13:23:27.125")
>>> datetime.strptime("13:23:27.125", "%H:%M:%S.%f").time()
datetime.time(13, 23, 27, 125000)
```

`parse` gives `None`. With `13:23:27.125000` it works. `strptime`, whose codes these are said to be, takes one to six digits and
reads them as the beginning of the fraction.

""",
    criteria=(
        "One to six digits are read by `%f`, with the value that `strptime` gives",
        "More than six digits are still refused",
        "A test shows both",
    ),
    evidence=(
        "13:23:27.5, .125 and .125000 give 500000 and 125000 microseconds, as strptime does.",
        "13:23:27.1234567 still gives None.",
        "tests/test_fractions_of_a_second.py covers one to seven digits and fails without the change.",
    ),
    edits=(Edit(path="parse.py", old='    "%f": "[0-9]{6}",\n', new='    "%f": "[0-9]{1,6}",\n'),),
    test_path="tests/test_fractions_of_a_second.py",
    test_code="""\
from datetime import datetime

import pytest

import parse

CLOCK = "%H:%M:%S.%f"


@pytest.mark.parametrize("digits", ["5", "25", "125", "0625", "03125", "015625"])
def test_one_to_six_digits_mean_what_they_mean_to_strptime(digits):
    text = "13:23:27." + digits
    found = parse.parse("{at:" + CLOCK + "}", text)
    assert found["at"] == datetime.strptime(text, CLOCK).time()


def test_seven_digits_are_too_many():
    assert parse.parse("{at:" + CLOCK + "}", "13:23:27.0156250") is None
""",
    commit="Read one to six digits of a second's fraction, as strptime does",
    reproduction="""\
from datetime import time

import parse

found = parse.parse("{at:%H:%M:%S.%f}", "13:23:27.125")
assert found is not None, "nothing was read"
assert found["at"] == time(13, 23, 27, 125000), found
assert parse.parse("{at:%H:%M:%S.%f}", "13:23:27.1234567") is None
""",
    test_command=f"{_PYTEST} tests",
)

SEMVER = Case(
    name="semver",
    version="3.0.1",
    fixed_version="3.0.2",
    sha256="9ec78c5447883c67b97f98c3b6212796708191d22e4ad30f4570f840171cbce1",
    title="replace() on a subclass of Version gives back a plain Version",
    description="""\
We have `class Tag(Version)`, whose `__str__` puts a `v` in front, and release scripts that print what they are given. After
`tag.replace(prerelease="rc.1")` the `v` is gone, because the result is no `Tag` any more:

```python
>>> tag = Tag.parse("1.4.0")
>>> type(tag.bump_minor()).__name__
'Tag'
>>> type(tag.replace(minor=5)).__name__
'Version'
```

The `bump_…` methods keep the class; `replace` should as well.

""",
    criteria=(
        "`replace` on an instance of a subclass gives an instance of that subclass",
        "`replace` on a `Version` gives a `Version`, and an unknown part is still a TypeError",
        "A test shows both",
    ),
    evidence=(
        "Tag(1, 4, 0).replace(minor=5) is a Tag and prints v1.5.0.",
        "Version(1, 2, 3).replace(patch=4) is a Version, and replace(flavour='x') raises TypeError.",
        "tests/test_replace_keeps_class.py covers both and fails without the change.",
    ),
    edits=(
        Edit(
            path="src/semver/version.py",
            old="            return Version(**version)  # type: ignore\n",
            new="            return self.__class__(**version)  # type: ignore\n",
        ),
    ),
    test_path="tests/test_replace_keeps_class.py",
    test_code="""\
import pytest

from semver import Version


class Tag(Version):
    def __str__(self):
        return "v" + super().__str__()


def test_replacing_a_part_of_a_tag_gives_a_tag():
    later = Tag(1, 4, 0).replace(minor=5)
    assert type(later) is Tag
    assert str(later) == "v1.5.0"


def test_a_plain_version_stays_plain():
    assert type(Version(1, 2, 3).replace(patch=4)) is Version


def test_an_unknown_part_is_refused():
    with pytest.raises(TypeError):
        Tag(1, 4, 0).replace(flavour="vanilla")
""",
    commit="Keep the class of a version whose parts are replaced",
    reproduction="""\
from semver import Version


class Tag(Version):
    pass


later = Tag(1, 4, 0).replace(minor=5)
assert isinstance(later, Tag), type(later)
assert later == Tag(1, 5, 0)
""",
    # Its own options ask for a coverage plugin that is no part of running the tests.
    test_command=f"{_PYTEST} -o addopts=--import-mode=importlib tests",
    source="src",
)

CASES = (CACHETOOLS, PARSE, SEMVER)
