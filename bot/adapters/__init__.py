"""The real outside, one library each; its errors are translated here and nowhere else."""
