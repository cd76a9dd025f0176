"""The demo: a small real project with a true bug, brought to a merged fix on the embedded GitHub."""
