"""Decides when the bot proposes an improvement by itself, in which category, and what becomes of it."""
