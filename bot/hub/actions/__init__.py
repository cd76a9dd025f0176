"""A tiny Actions: what starts workflows, their runs, and their jobs in a sandbox."""
