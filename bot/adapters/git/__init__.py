"""Real git: refs that hold leases and money, and the repository's content."""
