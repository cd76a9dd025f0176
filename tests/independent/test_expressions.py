"""The tests' own evaluator of expressions says what GitHub's says: of a table, and of expressions made by chance."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.actions.expressions import as_text, evaluated
from tests.independent.judge import Judge

CONTEXTS: dict[str, Any] = {
    "github": {
        "event_name": "issues",
        "ref": "refs/heads/Main",
        "run_number": 7,
        "event": {
            "Action": "labeled",
            "label": {"name": "Agent:ready", "description": None},
            "issue": {"labels": [{"name": "agent:ready"}, {"name": "bug"}], "locked": False, "draft": True, "body": "", "number": 12},
        },
    },
    "needs": {"plan": {"outputs": {"matrix": '{"include": [{"agent": 1}]}', "agents": "3", "names": '["a", "B", 1, true, null]'}}},
    "empty": {},
    "nothing": None,
    "zero": 0,
    "half": 0.5,
}
TABLE = [
    ("github.event_name == 'ISSUES'", True),
    ("github.EVENT.action == 'labeled'", True),
    ("github.event.nowhere.deeper", None),
    ("github.event.nowhere == ''", True),
    ("github.event.label.description == 0", True),
    ("github.event.issue.locked == ''", True),
    ("github.event.issue.draft == 'true'", False),
    ("github.event.issue.draft == 1", True),
    ("github.run_number == '7.0'", True),
    ("github.run_number == '0x7'", True),
    ("github.event.issue.labels == github.event.issue.labels", True),
    ("github.event.issue.labels == 'Array'", False),
    ("empty && 'taken'", "taken"),
    ("!empty", False),
    ("nothing || zero || 'last'", "last"),
    ("fromJSON('[]') && 'taken'", "taken"),
    ("'0' && 'a text is true'", "a text is true"),
    ("startsWith(github.event.label.name, 'agent:')", True),
    ("startsWith(github.run_number, '7')", True),
    ("startsWith(github.event.issue.labels, 'Arr')", False),
    ("contains(toJSON(github.event.issue.labels), '\"agent:')", True),
    ('contains(toJSON(github.event.issue.labels), \'"name": "AGENT:READY"\')', True),
    ("contains(fromJSON(needs.plan.outputs.names), 'b')", True),
    ("contains(fromJSON(needs.plan.outputs.names), '1')", True),
    ("contains(fromJSON(needs.plan.outputs.names), '')", True),
    ("contains(github.event.issue, 'locked')", False),
    ("contains('straße', 'SS')", False),
    ("'straße' == 'STRASSE'", True),
    ("fromJSON(needs.plan.outputs.matrix)", {"include": [{"agent": 1}]}),
    ("fromJSON(needs.plan.outputs.agents)", 3),
    ("'it''s'", "it's"),
    ("always()", True),
    ("success()", False),
    ("success() || always() && 'b'", "b"),
    ("!(zero == nothing) || 'a' != 'A'", False),
]


def ours(text: str) -> Any:
    return evaluated(text, {**CONTEXTS, "job": {"status": "failure"}})


def theirs(judge: Judge, text: str) -> dict[str, Any]:
    return judge("expression", text=text, contexts=CONTEXTS, job="failure")


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text for text, _ in TABLE])
def test_a_stated_expectation_is_met_by_both(judge: Judge, text: str, expected: Any) -> None:
    found = theirs(judge, text)

    assert found.get("value", found) == expected
    assert same(ours(text), found["value"])
    assert as_text(ours(text)) == found["text"]


@pytest.mark.parametrize("text", ["unknown.name", "elsewhere()", "startsWith('a')", "'open", "a b", "(zero", "zero == "])
def test_what_github_refuses_is_refused_here_too(judge: Judge, text: str) -> None:
    assert "refused" in theirs(judge, text)
    with pytest.raises((AssertionError, IndexError)):
        ours(text)


_TEXTS = st.text(alphabet="aAbB1 0x.e-ßé:", max_size=5).map(lambda text: f"'{text}'")
_PATHS = st.sampled_from([
    "github.event_name", "github.event.label", "github.event.label.name", "github.event.issue.labels", "github.event.issue.locked",
    "github.event.issue.draft", "github.event.issue.number", "github.event.none.deeper", "github.EVENT.Issue.BODY", "empty", "nothing",
    "zero", "half", "fromJSON(needs.plan.outputs.names)", "fromJSON('[1, 2.5, [], {}]')",
])  # fmt: skip
_LEAVES = _TEXTS | st.integers(0, 12).map(str) | _PATHS | st.sampled_from(["always()", "success()"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return (
        st.tuples(inner, st.sampled_from(["==", "!=", "&&", "||"]), inner).map(" ".join)
        | inner.map("({})".format)
        | inner.map("!({})".format)
        | two.map(lambda pair: f"contains({pair[0]}, {pair[1]})")
        | two.map(lambda pair: f"startsWith({pair[0]}, {pair[1]})")
        | inner.map("toJSON({})".format)
    )


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.recursive(_LEAVES, _grown, max_leaves=8))
def test_whatever_is_asked_both_say_the_same(judge: Judge, text: str) -> None:
    found = theirs(judge, text)

    assert "value" in found, found
    assert same(ours(text), found["value"])
    assert as_text(ours(text)) == found["text"]


def same(one: Any, other: Any) -> bool:
    """As JSON, which has one kind of number, but knows truth from one."""
    return json.dumps(_plain(one)) == json.dumps(_plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
