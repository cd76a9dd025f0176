"""What is held against software that we did not write: `make independent`."""
