"""The modules that the k api adds to torch's own, as torch modules."""
