"""What may change in a repository and on a board, by which rules, and what follows of it."""
