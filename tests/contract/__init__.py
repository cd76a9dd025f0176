"""What the bot asks and the hub answers, in any test, held against what GitHub publishes about its API."""
