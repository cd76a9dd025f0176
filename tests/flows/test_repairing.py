"""`groundskeeper repair`: a person looks at what stands on a damaged ref, says yes, and the project goes on."""

from __future__ import annotations

import pytest

from bot.core.errors.user_errors import UserError
from bot.core.lifecycle.phase import Phase
from bot.entry.repairing import Asked, repair
from tests.flows.forging import Fields, forge, put
from tests.flows.test_forged import LEDGER, STOP, published, ref_of
from tests.world import World, judges


def repairing(world: World, *, yes: bool = True, **asked: object) -> list[str]:
    said: list[str] = []
    repair(world.wired, Asked(**asked), say=said.append, agreed=lambda _: yes)  # type: ignore[arg-type]
    return said


def approve(record: Fields) -> None:
    record["runs"].append(dict(record["runs"][0]) | {"run": "forged", "role": "review"})


def test_a_forged_record_becomes_what_the_bot_wrote_last_and_the_project_goes_on(world: World) -> None:
    number = published(world)
    before = world.record(number)
    forge(world, ref_of(number), approve)
    assert world.status(number).phase is Phase.NEEDS_HUMAN

    said = repairing(world, number=number)

    assert "review finished" in said[1]
    assert "what the bot itself wrote last" in said[2]
    assert [one.run for one in world.record(number).runs] == [one.run for one in before.runs]
    assert world.record(number).epoch > before.epoch
    world.model.add(judges())
    world.settle()
    assert world.is_closed(number)


def test_nothing_is_changed_without_a_yes_or_without_being_asked_for(world: World) -> None:
    number = published(world)
    forge(world, ref_of(number), approve)
    before = world.git("for-each-ref")

    assert repairing(world)[-1].startswith("Nothing was changed. `groundskeeper repair NUMBER`")
    assert repairing(world, everything=True, yes=False)[-1] == "Nothing was changed."

    assert world.git("for-each-ref") == before


def unsigned(world: World) -> None:
    """As an earlier version left everything: the same files, and no signature anywhere in the history."""
    for ref in world.git("for-each-ref", "--format=%(refname)", "refs/groundskeeper").split():
        names = world.git("ls-tree", "--name-only", ref).split()
        put(
            world,
            ref,
            {name: world.git("show", f"{ref}:{name}") + "\n" for name in names},
            message=world.git("log", "-1", "--format=%s", ref),
        )


def test_state_of_an_earlier_version_is_signed_as_it_stands_and_everything_goes_on(world: World) -> None:
    number = published(world)
    before, spent = world.record(number).runs, world.ledger().entries
    unsigned(world)
    later = world.another_process("later version")
    assert world.tick(later).started == ()

    wired = world._wire(world.root / "repairing")
    said: list[str] = []
    assert repair(wired, Asked(everything=True), say=said.append, agreed=lambda _: True)

    assert "  it would become: exactly that, signed" in said
    seen = later.refs.read()
    assert seen.damage == ()
    assert (seen.records[number].runs, seen.ledger.entries) == (before, spent)
    world.model.add(judges())
    world.settle()
    assert world.is_closed(number)


@pytest.mark.parametrize("ref", [LEDGER, STOP, "refs/groundskeeper/writer-lock"])
def test_what_all_depend_on_is_repaired_with_all(world: World, ref: str) -> None:
    published(world)
    put(world, ref, {"other": "x"}, parent=ref if world.git("for-each-ref", ref) else None)
    assert world.tick().started == ()

    repairing(world, everything=True)

    assert world.refs().damage == ()
    assert (world.refs().stop is not None) is (ref == STOP)  # nobody could read it, so it is stopped until somebody starts it
    assert world.ledger().entries != ()


def test_a_ref_of_which_nothing_can_be_read_begins_anew_as_a_person_was_shown(world: World) -> None:
    number = published(world)
    world.git("update-ref", ref_of(number), world.git("rev-parse", "main:README.md"))

    said = repairing(world, number=number)

    assert "0 runs" in said[2]
    assert world.record(number).runs == ()
    assert world.record(number).epoch > 0


def test_a_project_that_proves_itself_is_left_alone(world: World) -> None:
    number = published(world)

    with pytest.raises(UserError, match="needs no repair"):
        repairing(world, number=number)
    assert repairing(world, everything=True) == ["Every ref of the bot's proves itself; there is nothing to repair."]
