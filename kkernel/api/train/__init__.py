"""Training: data and batches, options, gradients, runs and their metrics, averages of weights."""
