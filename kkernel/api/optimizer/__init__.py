"""Optimizers: the algorithms as libtorch computes them, their rows of options, their state."""
