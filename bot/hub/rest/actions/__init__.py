"""REST: workflows, their runs, settings, secrets and variables."""
