"""The command line."""

import argparse
from pathlib import Path

from harvest.parsing import parse
from harvest.totals import best_crop, per_crop, per_week


def kilograms(grams):
    return f"{grams / 1000:.2f} kg"


def main(arguments, write=print):
    parser = argparse.ArgumentParser(prog="harvest", description="Adds up what a vegetable garden brings.")
    parser.add_argument("log", type=Path, help="the garden log")
    parser.add_argument("--weekly", action="store_true", help="per calendar week instead of per crop")
    asked = parser.parse_args(arguments)
    entries = parse(asked.log.read_text(encoding="utf-8"))
    sums = per_week(entries) if asked.weekly else per_crop(entries)
    for name, grams in sums.items():
        write(f"{name:<12} {kilograms(grams):>10}")
    if entries and not asked.weekly:
        write(f"best: {best_crop(entries)}")
    return 0
