"""REST: people, organizations and apps."""
