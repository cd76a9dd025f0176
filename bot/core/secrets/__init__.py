"""Decides what in a text is a secret, and says the text again without it."""
