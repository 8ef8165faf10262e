"""Functions that create, move, inspect and reshape tensors, vectors and dictionaries."""
