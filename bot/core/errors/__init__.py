"""Names what can go wrong by its kind, on which the caller decides what to do next."""
