"""Published Python packages that need something installed, at a release with a bug that their next release fixed."""

from __future__ import annotations

from textwrap import indent

from tests.foreign.cases import Edit
from tests.foreign.dependent.case import Dependent, Registry

_REDIRECT = """\
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
"""


FLASK = Dependent(
    registry=Registry.PYPI,
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
    test_code=f"""\
import flask


def test_session_after_redirects(app):
{indent(_REDIRECT, "    ")}""",
    commit="Push the contexts of a chain of redirects in their order",
    reproduction=f"""python - <<'PROGRAM'
import flask

app = flask.Flask(__name__)
{_REDIRECT}PROGRAM
""",
    setup=("uv sync",),
)

MARKUPSAFE = Dependent(
    registry=Registry.PYPI,
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

PG8000 = Dependent(
    registry=Registry.PYPI,
    name="pg8000",
    version="1.31.4",
    sha256="e7ecce4339891f27b0b22e2f79eb9efe44118bd384207359fc18350f788ace00",
    why="PostgreSQL beside its tests, as its own CI keeps it",
    # Some of its own tests, so that they end within seconds; they want the extension that its own CI creates, too.
    config=r"""gates:
  test: >-
    psql -qh 127.0.0.1 -U postgres -c "CREATE EXTENSION IF NOT EXISTS hstore" &&
    python -m pytest -q test/test_converters.py test/native/test_query.py test/native/test_copy.py -k "not max_parameters"
""",
    title="literal() lets a quote in a list end the string",
    body="""\
`literal` makes a Python list safe to stand in a statement, but does not double the quotes of what is in the list. Whatever follows such
a quote is run by the server:

```python
>>> literal(["Joe's"])
"'{Joe's}'"
```

- [ ] A quote in a list reaches the server as a quote
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="src/pg8000/converters.py",
            old="""    return f"'{array_out(value)}'"\n""",
            new="""    return literal(array_out(value))\n""",
        ),
    ),
    test_path="test/native/test_literal_list.py",
    test_code="""\
from pg8000.native import literal


def test_quotes_in_a_list_reach_the_server(con):
    names = ["Joe's", "'; SELECT 'Oops!' -- -"]
    assert con.run(f"SELECT CAST({literal(names)} AS text[])") == [[names]]
""",
    commit="Quote a list as the string that it is sent as",
    reproduction="""python - <<'PROGRAM'
from pg8000.native import Connection, literal

names = ["Joe's"]
assert Connection("postgres", host="127.0.0.1").run(f"SELECT CAST({literal(names)} AS text[])") == [[names]]
PROGRAM
""",
    setup=("uv venv", "uv pip install -e . 'black'"),
    services=("postgresql",),
)
