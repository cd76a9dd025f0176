"""`groundskeeper try`: one issue done on a person's own code, on a private embedded GitHub, with nothing changed but a new branch."""
