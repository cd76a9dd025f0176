"""GitHub over githubkit: one client an identity, its errors and limits translated here and nowhere else."""
