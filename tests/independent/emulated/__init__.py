"""The bot's story on another GitHub: npm's `emulate`, behind a small bridge that gives what it lacks."""
