"""Rows as GitHub's JSON shows them, in answers and webhooks alike."""
