"""Decides what a request costs, what is spent and reserved, and whether a cap lets a run begin."""
