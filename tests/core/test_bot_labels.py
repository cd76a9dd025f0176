"""The bot's labels are few, say what people filter by, and are put right however they were left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.projections.bot_labels import bot_label_change
from tests.core.facts import issue, project, record


@pytest.mark.parametrize("phase", list(Phase))
def test_a_project_under_way_carries_a_label_only_while_a_person_is_needed(phase: Phase) -> None:
    found = bot_label_change(project(record=record(epoch=3)), Status(phase=phase, reason="r"))

    assert found.add == ({"agent:needs-human"} if phase is Phase.NEEDS_HUMAN else frozenset())
    assert found.remove == frozenset()


@pytest.mark.parametrize("phase", [Phase.BLOCKED, Phase.PAUSED])
def test_what_cannot_begin_says_so(phase: Phase) -> None:
    assert bot_label_change(project(), Status(phase=phase, reason="r")).add == {"agent:waiting"}


def test_stale_labels_are_taken_off_former_ones_too_and_peoples_are_kept() -> None:
    labels = frozenset({"agent:needs-human", "agent:waiting", "phase:ready", "phase:mine", "bug", "agent:ready", "agent:hold"})
    facts = project()
    found = bot_label_change(replace(facts, issue=replace(issue(), labels=labels)), Status(phase=Phase.WORKING, reason="r"))

    assert found.add == frozenset()
    assert found.remove == {"agent:needs-human", "agent:waiting", "phase:ready"}
