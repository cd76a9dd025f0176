"""GraphQL mutations, a module for each subject."""
