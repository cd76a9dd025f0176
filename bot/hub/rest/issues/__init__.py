"""REST: issues, what hangs on them, and finding them."""
