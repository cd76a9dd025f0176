"""What a repository needs to be worked on: told by its configuration, or read off its own files."""
