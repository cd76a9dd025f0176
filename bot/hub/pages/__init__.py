"""The pages that people read, with their templates and styles."""
