"""Clone, fetch and push over HTTP."""
