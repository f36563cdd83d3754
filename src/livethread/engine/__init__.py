"""What makes runs go: the worker that claims them, and the loop that asks the model."""
