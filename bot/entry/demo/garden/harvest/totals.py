"""Adding up: per crop, per calendar week, and which crop did best."""

from collections import defaultdict


def per_crop(entries):
    """Grams by crop, the largest first."""
    sums = defaultdict(int)
    for entry in entries:
        sums[entry.crop] += entry.grams
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def week_of(day):
    """The calendar week of a day, as it is printed."""
    return f"W{day.isocalendar()[1]:02}"


def per_week(entries):
    """Grams by calendar week, in the order of the weeks."""
    sums = defaultdict(int)
    for entry in entries:
        sums[week_of(entry.day)] += entry.grams
    return dict(sorted(sums.items()))


def best_crop(entries):
    """The crop that brought most, or None for an empty log."""
    return next(iter(per_crop(entries)), None)
