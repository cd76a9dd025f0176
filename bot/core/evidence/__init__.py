"""Decides what shows that work is good: checks, verdicts, what was weakened, and paths that only a person may change."""
