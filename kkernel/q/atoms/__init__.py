"""Atomic functions: how a function of atoms reaches vectors, lists, dictionaries and tables."""
