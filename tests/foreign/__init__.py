"""The bot's main job on code that nobody here wrote: published packages at a release with a bug that their next release fixed."""
