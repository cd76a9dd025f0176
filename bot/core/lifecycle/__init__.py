"""Decides where a project stands, who may act on it, and in which order projects are worked on and merged."""
