"""REST: pull requests, their reviews, merging them and bringing them up to date."""
