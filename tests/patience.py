"""How long a test waits for what is certain to come: a guard against hanging for ever, never a measure of this machine's speed."""

PATIENCE = 300.0
"""Seconds."""
