"""The webhook app: takes GitHub's hints in, keeps them, and starts the work that they hint at."""
