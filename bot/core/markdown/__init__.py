"""Markdown for GitHub, written so that people see exactly the words that were meant and nothing from outside acts."""
