"""The REST routes, a room for each part of the API; they ask `changes` to change something and `shapes` for their answers."""
