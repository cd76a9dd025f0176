"""The embedded GitHub, for a first try, for tests and for work without a network; reached only over HTTP and git."""
