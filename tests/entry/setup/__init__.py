"""Setting up, looking and taking away, against the embedded GitHub."""
