"""One issue done on a person's own code (`groundskeeper try`), on a private embedded GitHub, with a new branch as its result."""
