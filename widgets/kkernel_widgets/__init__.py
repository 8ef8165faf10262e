"""Panels to look at models, initializers and states, from Python and from q cells."""

from .spec_table import SpecTable

__all__ = ["SpecTable"]
