"""Decides which webhooks are a reason to look at a repository now."""
