"""Reading the garden log: one harvest a line, remarks after a hash sign."""

from dataclasses import dataclass
from datetime import date

GRAMS = {"g": 1, "kg": 1000}


@dataclass(frozen=True)
class Entry:
    """One harvest. The amount is in whole grams."""

    day: date
    crop: str
    grams: int


def parse_amount(number, unit):
    """Grams from a number as people write it; a comma is as good as a point."""
    if unit not in GRAMS:
        raise ValueError(f"unknown unit {unit!r}, expected g or kg")
    return round(float(number.replace(",", ".")) * GRAMS[unit])


def parse_line(line):
    """An entry, or None for an empty line or a remark."""
    text = line.partition("#")[0].strip()
    if not text:
        return None
    day, *crop, number, unit = text.split()
    return Entry(date.fromisoformat(day), " ".join(crop).lower(), parse_amount(number, unit))


def parse(text):
    """All entries of a log, in its order."""
    entries = []
    for line in text.splitlines():
        entry = parse_line(line)
        if entry is not None:
            entries.append(entry)
    return entries
