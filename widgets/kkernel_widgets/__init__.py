"""Panels to look at models, initializers and states, from Python and from q cells."""

from .parameter_histograms import ParameterHistograms
from .spec_table import SpecTable

__all__ = ["ParameterHistograms", "SpecTable"]
