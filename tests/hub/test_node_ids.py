"""Node ids say what a thing is and which one, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub.store import node_ids


@given(kind=st.sampled_from([*node_ids.PREFIXES, "CrossReferencedEvent"]), key=st.one_of(st.integers(min_value=0), st.text(min_size=1)))
def test_an_id_gives_back_what_it_was_made_of(kind: str, key: int | str) -> None:
    if isinstance(key, str):
        key = key.replace("\0", "")
    assert node_ids.decode(node_ids.encode(kind, key)) == (kind, key)


@given(text=st.text())
def test_a_foreign_text_is_no_id(text: str) -> None:
    try:
        kind, _ = node_ids.decode(text)
    except node_ids.NotANodeId:
        return
    assert node_ids.PREFIXES.get(kind, "N") == text.partition("_")[0]


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(node_ids.NotANodeId):
        node_ids.key_of(node_ids.encode("Issue", 12), "PullRequest")
