"""What the hub keeps: one SQLite file, bare repositories behind real git, a clock, ids, and the events that say what changed."""
