"""Putting the bot into a repository, looking whether it stands right there, and taking it away without a trace."""
