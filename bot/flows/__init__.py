"""The use cases: read, decide, act, run, publish, show; they order the steps and hold no rules of their own."""
