"""The GraphQL API: the published schema, a module of resolvers for each subject, and what a query costs."""
