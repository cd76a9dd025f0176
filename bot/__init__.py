"""Groundskeeper: labelled issues become reviewed, merged pull requests, and an empty queue becomes the next proposal."""
