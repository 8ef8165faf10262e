"""Initialization of tensors: constants, identities, draws from distributions."""
