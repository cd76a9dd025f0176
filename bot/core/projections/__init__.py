"""Decides what people are shown of a project, by labels and on the board; none of it is read back."""
