"""Says what an agent can be for: its role, and the category of improvement that it looks for."""
