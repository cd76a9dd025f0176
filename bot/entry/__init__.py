"""The edge: the only room that reads the environment, builds adapters and ends the process."""
