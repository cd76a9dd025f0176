"""Decides what people ask of the bot: by their labels, and by comments that begin with `/agent`."""
