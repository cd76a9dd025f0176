"""The labels by which people and the bot speak: made where they are missing, never written over, taken away only where we made them."""

from __future__ import annotations

from dataclasses import replace

from github import UnknownObjectException

from bot.core.orders.labels import PEOPLE_LABELS
from bot.core.projections.bot_labels import BOT_LABELS
from bot.entry.setup.place import Place
from bot.entry.setup.step import Memory, State, Step


def present(place: Place) -> frozenset[str]:
    """Names as GitHub compares them: without regard to case."""
    return frozenset(label.name.casefold() for label in place.repo.get_labels())


def missing_labels(place: Place) -> tuple[str, ...]:
    there = present(place)
    return tuple(label.name for label in (*PEOPLE_LABELS, *BOT_LABELS) if label.name.casefold() not in there)


def label_step(place: Place) -> Step:
    wanted = missing_labels(place)
    if not wanted:
        return Step(what="labels", why=f"all {len(PEOPLE_LABELS) + len(BOT_LABELS)} are there", state=State.DONE)

    def make(memory: Memory) -> Memory:
        for label in (*PEOPLE_LABELS, *BOT_LABELS):
            if label.name in wanted:
                place.repo.create_label(label.name, label.color, label.description[:100])
        return memory

    return Step(what="labels", why=f"make {', '.join(wanted)}; labels that are there stay as they are", state=State.TO_DO, do=make)


def removal_step(place: Place, made: tuple[str, ...]) -> Step:
    there = present(place)
    ours = tuple(name for name in made if name.casefold() in there)
    if not ours:
        forget = State.TO_DO if made else State.DONE
        return Step(what="labels", why="none that `init` made is left", state=forget, do=lambda memory: replace(memory, labels=()))

    def remove(memory: Memory) -> Memory:
        for name in ours:
            try:
                place.repo.get_label(name).delete()
            except UnknownObjectException:
                continue
        return replace(memory, labels=())

    return Step(what="remove labels", why=f"{', '.join(ours)}; from every issue too", state=State.TO_DO, do=remove)
