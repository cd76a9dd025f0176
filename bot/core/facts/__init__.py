"""Says what decisions are made on: the snapshot of a repository, the record of each project, the owners' policy."""
