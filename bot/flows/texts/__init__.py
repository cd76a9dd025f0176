"""All words that people read on GitHub, one module for each place where they read them. Made from facts, by the one Markdown writer."""
