"""REST: what git holds, the rules for branches, and what was found out about commits."""
