"""What a model does with a brief: the loop, its tools, and one module for each role."""
