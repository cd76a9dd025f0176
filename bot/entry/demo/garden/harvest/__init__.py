"""Adds up what a vegetable garden brings."""

from harvest.parsing import Entry, parse, parse_line
from harvest.totals import best_crop, per_crop, per_week

__all__ = ["Entry", "best_crop", "parse", "parse_line", "per_crop", "per_week"]
