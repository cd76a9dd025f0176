"""The labels by which people and the bot speak: made where they are missing, never written over, taken away only where we made them."""

from __future__ import annotations

from dataclasses import replace

from github import UnknownObjectException

from bot.core.orders.labels import PEOPLE_LABELS
from bot.core.projections.bot_labels import BOT_LABELS
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target


def present(target: Target) -> frozenset[str]:
    """Names as GitHub compares them: without regard to case."""
    return frozenset(label.name.casefold() for label in target.repo.get_labels())


def missing_labels(target: Target) -> tuple[str, ...]:
    there = present(target)
    return tuple(label.name for label in (*PEOPLE_LABELS, *BOT_LABELS) if label.name.casefold() not in there)


def label_step(target: Target) -> Step:
    wanted = missing_labels(target)
    if not wanted:
        return Step(what="labels", why=f"all {len(PEOPLE_LABELS) + len(BOT_LABELS)} are there", state=State.DONE)

    def make(memory: Memory) -> Memory:
        for label in (*PEOPLE_LABELS, *BOT_LABELS):
            if label.name in wanted:
                target.repo.create_label(label.name, label.color, label.description[:100])
        return memory

    return Step(what="labels", why=f"make {', '.join(wanted)}; labels that are there stay as they are", state=State.TO_DO, do=make)


def removal_step(target: Target, made: tuple[str, ...]) -> Step:
    there = present(target)
    ours = tuple(name for name in made if name.casefold() in there)
    if not ours:
        forget = State.TO_DO if made else State.DONE
        return Step(what="labels", why="none that `init` made is left", state=forget, do=lambda memory: replace(memory, labels=()))

    def remove(memory: Memory) -> Memory:
        for name in ours:
            try:
                target.repo.get_label(name).delete()
            except UnknownObjectException:
                continue
        return replace(memory, labels=())

    return Step(what="remove labels", why=f"{', '.join(ours)}; from every issue too", state=State.TO_DO, do=remove)
