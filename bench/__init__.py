"""Measurements of what the bot adds to what it stands on, each against its peer or floor in the same run."""
