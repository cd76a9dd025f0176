"""GitHub Actions as the fleet: what the jobs of the workflow run, each with only the rights that its part needs."""
