"""Decides what shows that work is good: checks, verdicts, and paths that only a person may change."""
