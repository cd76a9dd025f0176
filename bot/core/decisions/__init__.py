"""Decides what is to be done next, as effects with their reasons."""
