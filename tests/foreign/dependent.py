"""Published packages that need something installed, at a release with a bug that their next release fixed; none is configured."""

from __future__ import annotations

from dataclasses import dataclass

from tests.foreign.cases import Edit


@dataclass(frozen=True, kw_only=True)
class Dependent:
    """`reproduction` is for a shell in the package's root and ends with 0 only where the bug is gone."""

    registry: str
    """`pypi` or `npm`."""
    name: str
    version: str
    sha256: str
    """Of the archive as published."""
    why: str
    """What of the environment it is here for."""
    title: str
    body: str
    edits: tuple[Edit, ...]
    test_path: str
    test_code: str
    """Appended where the file is there already."""
    commit: str
    reproduction: str
    setup: tuple[str, ...]
    """What has to be detected; words of each command, in order."""


FLASK = Dependent(
    registry="pypi",
    name="flask",
    version="3.1.1",
    sha256="284c7b8f2f58cb737f0cf1c30fd7eaf0ccfcde196099d24ecede3fc2005aa59e",
    why="uv.lock and dependency groups",
    title="With follow_redirects the test client shows the session of the first request, not of the last",
    body="""\
In a `with client:` block I follow a redirect to a view that changes the session. Afterwards `flask.session` is the one from before the
redirect. I expected what the last view of the chain left.

- [ ] `session` is that of the last request
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="src/flask/testing.py",
            old="""\
        while self._new_contexts:
            cm = self._new_contexts.pop()
            self._context_stack.enter_context(cm)

""",
            new="""\
        for cm in self._new_contexts:
            self._context_stack.enter_context(cm)

        self._new_contexts.clear()
""",
        ),
    ),
    test_path="tests/test_session_after_redirect.py",
    test_code="""\
import flask


def test_session_after_redirects(app, client):
    app.secret_key = "secret"

    @app.get("/")
    def index():
        flask.session["step"] = "first"
        return flask.redirect("/next")

    @app.get("/next")
    def next_step():
        flask.session["step"] = "last"
        return ""

    with client:
        client.get("/", follow_redirects=True)
        assert flask.session["step"] == "last"
""",
    commit="Push the contexts of a chain of redirects in their order",
    reproduction="""python - <<'PROGRAM'
import flask

app = flask.Flask(__name__)
app.secret_key = "secret"


@app.get("/")
def index():
    flask.session["step"] = "first"
    return flask.redirect("/next")


@app.get("/next")
def next_step():
    flask.session["step"] = "last"
    return ""


with app.test_client() as client:
    client.get("/", follow_redirects=True)
    assert flask.session["step"] == "last", flask.session
PROGRAM
""",
    setup=("uv sync",),
)

MARKUPSAFE = Dependent(
    registry="pypi",
    name="markupsafe",
    version="3.0.2",
    sha256="ee55d3edf80167e48ea11a923c7386f4669df67d7994554387f84e7d8b0a2bf0",
    why="an extension in C",
    title="markupsafe.__version__ warns with a UserWarning instead of a DeprecationWarning",
    body="""\
Reading `markupsafe.__version__` says that it is deprecated, but as a `UserWarning`. Our users see it, and filters for deprecations do
not catch it.

- [ ] It is a `DeprecationWarning`
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="src/markupsafe/__init__.py",
            old="""            ' `importlib.metadata.version("markupsafe")`, instead.',\n""",
            new="""            ' `importlib.metadata.version("markupsafe")`, instead.',\n            DeprecationWarning,\n""",
        ),
    ),
    test_path="tests/test_version_warning.py",
    test_code="""\
import pytest

import markupsafe


def test_the_version_is_deprecated():
    with pytest.warns(DeprecationWarning):
        assert markupsafe.__version__
""",
    commit="Deprecate the version attribute by a DeprecationWarning",
    reproduction="""python -W error::DeprecationWarning - <<'PROGRAM'
import markupsafe
import markupsafe._speedups

try:
    markupsafe.__version__
except DeprecationWarning:
    pass
else:
    raise SystemExit("no DeprecationWarning")
PROGRAM
""",
    setup=("uv venv", "uv pip install 'setuptools", "uv pip install --no-build-isolation -e ."),
)

SPLIT2 = Dependent(
    registry="npm",
    name="split2",
    version="4.1.0",
    sha256="0ad96925898e484e7819a2a89d130eac13e9bb72ff835641c7b5c705d4d76653",
    why="a dependency tree of npm with a test runner",
    title="An object with Symbol.split is taken for the options",
    body="""\
`String.prototype.split` takes any object with a `Symbol.split` method. `split2` takes such an object for its options, and splits at
line ends.

- [ ] An object with `Symbol.split` is the matcher
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="index.js",
            old="} else if (typeof matcher === 'object' && !(matcher instanceof RegExp)) {",
            new="} else if (typeof matcher === 'object' && !(matcher instanceof RegExp) && !matcher[Symbol.split]) {",
        ),
    ),
    test_path="test.js",
    test_code="""
test('supports Symbol.split', function (t) {
  t.plan(2)

  const input = split({
    [Symbol.split] (str) {
      return str.split('~')
    }
  })

  input.pipe(strcb(function (err, list) {
    t.error(err)
    t.deepEqual(list, ['hello', 'world'])
  }))

  input.end('hello~world')
})
""",
    commit="Take an object with Symbol.split as the matcher",
    reproduction="""node -e '
const split = require("./")
const found = []
split({ [Symbol.split] (text) { return text.split("~") } }).on("data", (part) => found.push(String(part))).on("end", () => {
  if (found.join() !== "hello,world") { console.error("Error: " + found.join()); process.exit(1) }
}).end("hello~world")
'
""",
    setup=("npm install",),
)

DEPENDENT = (FLASK, MARKUPSAFE, SPLIT2)
